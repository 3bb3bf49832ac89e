"""What other shares of a peer hold of a download is taken from its disk, verified, and not fetched."""
import os
import random
import shutil

from harness import SwarmTest, digest, rot, tree, wait_for
from proxy import Proxy

BLOCK = 16 * 1024


class ReuseTest(SwarmTest):
    in_memory = True

    def bytes(self, name, size, seed=0):
        """A file in which no two blocks are the same."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(f"{path.name} {seed}").randbytes(size))
        return path

    def change(self, path, at, size=BLOCK):
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(random.Random(at).randbytes(size))

    def two_peers(self):
        tracker = self.tracker()
        return self.peer("a", tracker), self.peer("b", tracker)

    def fetch(self, peer, name, *options):
        """Downloads it to a directory of its own; the row at the end."""
        place = self.directory / "fetched"
        row = peer.json("download", name, "--dir", place, *options)[0]
        self.assertEqual(row["phase"], "complete", row)
        self.assertEqual(row["bytes_fetched"], sum(s["bytes"] for s in row["sources"] if s["kind"] == "peer"), row)
        return row, place / name

    def test_of_a_new_version_only_what_changed_is_fetched(self):
        a, b = self.two_peers()
        old = self.directory / "old" / "model"
        for i in range(60):
            self.bytes(f"old/model/part{i}", 200_000 + i)
        (old / "empty").touch()
        self.bytes("old/model/tiny", 1)
        b.add(old)
        new = self.directory / "new" / "model"
        shutil.copytree(old, new)
        self.change(new / "part7", 0)
        added = a.add(new)
        wait_for(lambda: added["id"] in [row["id"] for row in b.json("list", "--versions")], "both are listed")
        before = b.json("status")["bytes_downloaded"]
        row, _ = self.fetch(b, added["id"])
        self.assertEqual(tree(self.directory / "fetched" / "model"), tree(new))
        # Pieces of 64 KiB, or one if the file is smaller.
        self.assertLessEqual(row["bytes_fetched"], 64 * 1024 * 1.1)
        self.assertLessEqual(b.json("status")["bytes_downloaded"] - before, 64 * 1024 * 1.1)
        self.assertEqual(row["bytes_reused"] + row["bytes_fetched"] - row["bytes_duplicate"], row["bytes"])
        self.assertIn({"kind": "disk", "address": "this disk", "state": "done"},
                      [{key: one[key] for key in ("kind", "address", "state")} for one in row["sources"]])

    def test_pieces_of_another_size_are_compared(self):
        a, b = self.two_peers()
        # 64 KiB a piece, and 128 KiB.
        old = self.bytes("old/disk.img", 60 * 1024 * 1024)
        new = self.directory / "new" / "disk.img"
        new.parent.mkdir()
        new.write_bytes(old.read_bytes() + random.Random("more").randbytes(8 * 1024 * 1024))
        self.change(new, 5_000_000)
        first, second = self.peer_pair_row(a, b, old, new)
        self.assertEqual(digest(self.directory / "fetched" / "disk.img"), digest(new))
        changed = 8 * 1024 * 1024 + 2 * 128 * 1024
        self.assertLessEqual(second["bytes_fetched"], changed * 1.1)

    def peer_pair_row(self, a, b, old, new):
        """`b` shares the old, `a` the new, which `b` downloads."""
        first = b.add(old)
        second = a.add(new)
        wait_for(lambda: second["id"] in [row["id"] for row in b.json("list", "--versions")], "both are listed")
        return first, self.fetch(b, second["id"])[0]

    def test_what_was_renamed_costs_nothing(self):
        a, b = self.two_peers()
        old = self.bytes("old/report.pdf", 5_000_001)
        new = self.directory / "new" / "annual" / "deep" / "2026.pdf"
        new.parent.mkdir(parents=True)
        shutil.copy(old, new)
        _, row = self.peer_pair_row(a, b, old, self.directory / "new" / "annual")
        self.assertEqual((row["bytes_fetched"], row["bytes_reused"]), (0, 5_000_001))
        self.assertEqual(digest(self.directory / "fetched" / "annual" / "deep" / "2026.pdf"), digest(old))

    def copy_on_record(self):
        """A peer with a file, the .torrent of the same bytes under another name, and the file. Nobody else has it."""
        a, b = self.peer("a"), self.peer("b")
        old = self.bytes("old/x.bin", 3_000_000)
        b.add(old)
        copy = self.directory / "new" / "y.bin"
        copy.parent.mkdir()
        shutil.copy(old, copy)
        a.add(copy)
        torrent = self.directory / "y.torrent"
        a.ok("torrent", "y.bin", "--output", torrent)
        a.terminate()
        return b, torrent, old

    def test_nobody_needs_to_be_connected(self):
        b, torrent, old = self.copy_on_record()
        said = b.ok("download", torrent, "--dir", self.directory / "fetched").out
        self.assertIn("3.00 MB of it was on this disk, 0 B fetched", said)
        self.assertEqual(digest(self.directory / "fetched" / "y.bin"), digest(old))

    def test_a_command_that_runs_alone_uses_what_is_on_record(self):
        b, torrent, old = self.copy_on_record()
        b.terminate()
        said = b.ok("download", torrent, "--dir", self.directory / "fetched").out
        self.assertIn("3.00 MB of it was on this disk", said)
        self.assertEqual(digest(self.directory / "fetched" / "y.bin"), digest(old))

    def test_what_becomes_complete_while_a_download_waits_is_used(self):
        a, b = self.peer("a"), self.peer("b")
        folder = self.directory / "new" / "all"
        for i in range(200):
            self.bytes(f"new/all/file{i}", 20_000 + i)
        share = a.add(folder)["id"]
        torrent = self.directory / "all.torrent"
        a.ok("torrent", "all", "--output", torrent)
        a.kill()
        b.ok("download", torrent, "--no-wait")
        wait_for(lambda: b.download_row(share)["phase"] == "waiting", "nobody has it")
        b.ok("add", *(shutil.copy(path, self.directory) for path in folder.iterdir()))
        row = wait_for(lambda: (row := b.download_row(share))["phase"] == "complete" and row, "it is complete")
        self.assertEqual((row["bytes_fetched"], row["bytes_reused"]), (0, row["bytes"]))
        self.assertEqual(tree(b.dir / "all"), tree(folder))

    def test_a_file_that_rotted_is_found_out_and_fetched(self):
        a, b = self.peer("a"), self.peer("b")
        old = self.directory / "old" / "set"
        self.bytes("old/set/good", 2_000_000)
        self.bytes("old/set/rotten", 2_000_000)
        b.add(old)
        new = self.directory / "new" / "other set"
        shutil.copytree(old, new)
        added = a.add(new)
        torrent = self.directory / "other.torrent"
        a.ok("torrent", "other set", "--output", torrent)
        at = f"127.0.0.1:{a.port}"
        # The disk gives all that it has before the other peer gives anything.
        a.kill()
        rot(old / "rotten", 1_500_000)
        b.ok("download", torrent, "--no-wait", "--peer", at)
        wait_for(lambda: (row := b.download_row(added["id"]))["bytes_failed"] > 0
                 and row["bytes_reused"] >= 2_000_000, "the rotten piece is found out, and the good file is copied")
        self.peer("a", None, "--listen", at)
        wait_for(lambda: b.download_row(added["id"])["phase"] == "complete", "the download goes on and is complete")
        row, path = b.download_row(added["id"]), b.dir / "other set"
        self.assertEqual(tree(path), tree(new))
        self.assertGreater(row["bytes_fetched"], 0)
        self.assertLessEqual(row["bytes_fetched"], 2_000_000 * 1.1)
        # Nor is the rotten copy offered to others any more.
        wait_for(lambda: [s["there"] for s in b.json("status")["shares"] if s["name"] == "set"] == [False],
                 "the rotten share is withdrawn")

    def test_a_file_that_was_changed_is_found_out_and_fetched(self):
        a, b = self.two_peers()
        old = self.bytes("old/x.bin", 4_000_000)
        b.add(old)
        new = self.directory / "new" / "y.bin"
        new.parent.mkdir()
        shutil.copy(old, new)
        added = a.add(new)
        times = os.stat(old)
        self.change(old, 1_000_000)
        os.utime(old, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.wait_listed(b, "y.bin", id=added["id"])
        row, path = self.fetch(b, "y.bin")
        self.assertEqual(digest(path), digest(new))
        self.assertGreater(row["bytes_fetched"], 0)

    def cancelled(self):
        """A peer with a part of a folder that it does not fetch any more, and a copy of the folder, which is shared."""
        a, b = self.peer("a"), self.peer("b")
        folder = self.directory / "old" / "one"
        self.bytes("old/one/big", 6 << 20)
        for i in range(20):
            self.bytes(f"old/one/small{i}", 20_000)
        share = a.add(folder)["id"]
        proxy = Proxy(self, a.port, rate=2 << 20)
        b.ok("download", a.bare_link("one"), "--peer", proxy.address, "--no-wait")
        b.wait_done(share, 3 << 20)
        b.ok("cancel", "one")
        copy = self.directory / "new" / "other"
        copy.parent.mkdir()
        shutil.copytree(folder, copy)
        a.add(copy)
        return a, b, folder, [a.bare_link("other"), "--peer", proxy.address], proxy

    def test_what_a_cancelled_download_has_is_used(self):
        a, b, folder, other, proxy = self.cancelled()
        proxy.rate = None
        row = b.json("download", *other)[0]
        self.assertGreaterEqual(row["bytes_reused"], 2 << 20)
        self.assertLessEqual(row["bytes_fetched"], row["bytes"] - (2 << 20))
        self.assertEqual(tree(b.dir / "other"), tree(folder))
        # It goes on as if nothing had been.
        a.kill()
        row = b.json("download", "one")[0]
        self.assertEqual(row["bytes_fetched"], 0)
        self.assertEqual(tree(b.dir / "one"), tree(folder))

    def test_a_cancelled_download_that_rotted_is_found_out(self):
        _, b, folder, other, proxy = self.cancelled()
        for at in range(0, 6 << 20, 64 << 10):
            rot(b.unfinished() / "big", at)
        proxy.rate = None
        b.ok("download", *other)
        self.assertEqual(tree(b.dir / "other"), tree(folder))
        b.ok("download", "one")
        self.assertEqual(tree(b.dir / "one"), tree(folder))

    def equal_files(self, big=8 * 1024 * 1024, bigs=10, smalls=1000):
        """A folder of equal files, and the bytes that differ in it."""
        folder = self.directory / "new" / "copies"
        first = self.bytes("new/copies/big0", big)
        for i in range(1, bigs):
            shutil.copy(first, folder / f"big{i}")
        small = self.bytes("new/copies/small/0", 3000)
        for i in range(1, smalls):
            shutil.copy(small, small.parent / str(i))
        return folder, big + 3000

    def test_of_equal_files_in_one_share_one_is_fetched(self):
        a, b = self.two_peers()
        folder, distinct = self.equal_files()
        added = a.add(folder)
        self.wait_listed(b, "copies", id=added["id"])
        row, path = self.fetch(b, "copies")
        self.assertEqual(tree(path), tree(folder))
        self.assertLessEqual(row["bytes_fetched"], distinct * 1.05)
        self.assertEqual(row["bytes_reused"] + row["bytes_fetched"] - row["bytes_duplicate"], row["bytes"])
        self.assertEqual(row["bytes_failed"], 0)

    def slow_download(self, *options, smalls=1):
        """Of five equal files, with only a part of them there: both peers, the id, the folder and the proxy."""
        a, b = self.peer("a"), self.peer("b")
        folder, _ = self.equal_files(big=4 << 20, bigs=5, smalls=smalls)
        share = a.add(folder)["id"]
        proxy = Proxy(self, a.port, rate=2 << 20)
        b.ok("download", a.bare_link("copies"), "--peer", proxy.address, "--no-wait", *options)
        b.wait_done(share, 5 << 20)
        return a, b, share, folder, proxy

    def test_a_killed_peer_copies_equal_files_when_it_goes_on(self):
        _, b, share, folder, proxy = self.slow_download()
        b.kill()
        proxy.rate = None
        b = self.peer("b")
        wait_for(lambda: b.download_row(share)["phase"] == "complete", "the download goes on and is complete")
        # A fifth of what was there had been fetched.
        self.assertLessEqual(b.download_row(share)["bytes_fetched"], (3 << 20) * 1.1)
        self.assertEqual(tree(b.dir / "copies"), tree(folder))

    def test_equal_files_are_copied_while_nobody_is_connected(self):
        a, b, share, _, _ = self.slow_download("--no-reuse")
        b.ok("cancel", "copies")
        a.kill()
        self.assertEqual(b.json("status")["downloads"][0]["bytes_reused"], 0)
        b.ok("download", "copies", "--no-wait")
        # Of 64 KiB pieces in five files, more than one is there once only.
        wait_for(lambda: b.download_row(share)["bytes_reused"] > 1 << 20, "what is there is copied")
        self.assertEqual(b.download_row(share)["bytes_fetched"], 0)

    def test_a_copy_that_rotted_is_found_out(self):
        _, b, _, folder, proxy = self.slow_download("--no-reuse")
        b.ok("cancel", "copies")
        for path in b.unfinished().glob("big*"):
            for at in range(0, 4 << 20, 64 << 10):
                rot(path, at)
        proxy.rate = None
        failed = b.run("download", "copies")
        self.assertNotEqual(failed.code, 0, failed.out)
        self.assertIn("is damaged: download it again", failed.err)
        b.ok("download", "copies", "--peer", proxy.address)
        self.assertEqual(tree(b.dir / "copies"), tree(folder))

    def test_of_equal_files_each_is_fetched_if_nothing_is_to_be_reused(self):
        a, b = self.two_peers()
        folder, distinct = self.equal_files(big=1_000_000, bigs=3, smalls=50)
        added = a.add(folder)
        self.wait_listed(b, "copies", id=added["id"])
        row, path = self.fetch(b, "copies", "--no-reuse")
        self.assertEqual((row["bytes_reused"], row["bytes_fetched"] - row["bytes_duplicate"]), (0, row["bytes"]))
        self.assertEqual(tree(path), tree(folder))

    def test_nothing_is_reused_if_it_is_not_to_be(self):
        a, b = self.two_peers()
        old = self.bytes("old/x.bin", 1_000_000)
        b.add(old)
        new = self.directory / "new" / "y.bin"
        new.parent.mkdir()
        shutil.copy(old, new)
        added = a.add(new)
        self.wait_listed(b, "y.bin", id=added["id"])
        row, path = self.fetch(b, "y.bin", "--no-reuse")
        self.assertEqual((row["bytes_reused"], row["bytes_fetched"] - row["bytes_duplicate"]), (0, 1_000_000))
        self.assertEqual(digest(path), digest(new))

    def test_a_killed_peer_goes_on_and_fetches_only_the_rest(self):
        a, b = self.peer("a"), self.peer("b")
        old = self.bytes("old/x.bin", 20_000_000)
        b.add(old)
        new = self.directory / "new" / "y.bin"
        new.parent.mkdir()
        new.write_bytes(old.read_bytes())
        self.change(new, 12_000_000)
        added = a.add(new)
        torrent = self.directory / "y.torrent"
        a.ok("torrent", "y.bin", "--output", torrent)
        at = f"127.0.0.1:{a.port}"
        a.kill()
        b.ok("download", torrent, "--no-wait", "--peer", at)
        # All but the piece that nobody has.
        row = b.wait_done(added["id"], 20_000_000 - 64 * 1024)
        self.assertEqual(row["bytes_fetched"], 0)
        b.kill()
        b = self.peer("b")
        # What the last record does not know yet is copied again, and a source would be quicker on a busy machine.
        b.wait_done(added["id"], 20_000_000 - 64 * 1024)
        self.peer("a", None, "--listen", at)
        wait_for(lambda: b.download_row(added["id"])["phase"] == "complete", "the download goes on and is complete")
        self.assertLessEqual(b.download_row(added["id"])["bytes_fetched"], 2 * 64 * 1024 * 1.1)
        self.assertEqual(digest(b.dir / "y.bin"), digest(new))
