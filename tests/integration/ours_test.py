"""What is not ours is left as it is, and what is ours ends up in no share."""
import os

from harness import SwarmTest, digest
from proxy import Proxy


class OursTest(SwarmTest):
    def pair(self, *names):
        """A peer that shares files of these names, and another that knows them all."""
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        for i, name in enumerate(names):
            seeder.add(self.file(f"data/{name}", 2_000_000 + i, seed=i))
            self.wait_listed(leecher, name)
        return seeder, leecher

    def test_files_with_names_of_unfinished_downloads_survive(self):
        _, leecher = self.pair("big.iso")
        foreign = leecher.dir / "big.iso.part"
        foreign.write_bytes(b"of a browser" * 1000)
        leecher.ok("download", "big.iso")
        self.assertEqual(foreign.read_bytes(), b"of a browser" * 1000)
        self.assertEqual(digest(leecher.dir / "big.iso"), digest(self.directory / "data" / "big.iso"))
        self.assertEqual(sorted(path.name for path in leecher.dir.iterdir()), ["big.iso", "big.iso.part"])

    def test_names_that_look_like_unfinished_ones_are_names_as_others(self):
        names = ["x", "x.part", "n" * 254, "n" * 255]
        _, leecher = self.pair(*names)
        leecher.ok("download", *names)
        for name in names:
            self.assertEqual(digest(leecher.dir / name), digest(self.directory / "data" / name))
        self.assertEqual(sorted(path.name for path in leecher.dir.iterdir()), sorted(names))

    def half_way(self, seeder, leecher, name):
        """An unfinished download of a file of 24 MiB; its id."""
        share = seeder.add(self.file(f"data/{name}", 24 << 20))["id"]
        magnet = seeder.bare_link(share)
        proxy = Proxy(self, seeder.port, rate=8 << 20)
        leecher.ok("download", magnet, "--peer", proxy.address, "--no-wait")
        leecher.wait_done(share, 2 << 20)
        return share, proxy

    def test_two_versions_of_a_name_do_not_disturb_each_other(self):
        seeder, leecher = self.peer("seeder"), self.peer("leecher")
        old, proxy = self.half_way(seeder, leecher, "versions/model")
        leecher.ok("cancel", old)
        kept = leecher.unfinished()
        held = digest(kept)
        other = self.peer("other")
        other.add(self.file("data/new/model", 3_000_000, seed=1))
        magnet = other.bare_link("model")
        leecher.ok("download", magnet, "--peer", f"127.0.0.1:{other.port}")
        self.assertEqual(digest(leecher.dir / "model"), digest(self.directory / "data/new/model"))
        self.assertEqual(digest(kept), held)
        (leecher.dir / "model").unlink()
        before, proxy.rate = proxy.bytes, None
        leecher.ok("download", old, "--peer", proxy.address)
        self.assertEqual(digest(leecher.dir / "model"), digest(self.directory / "data/versions/model"))
        self.assertLess(proxy.bytes - before, 23 << 20)

    def test_what_took_the_place_of_an_unfinished_download_is_left_alone(self):
        seeder, leecher = self.peer("seeder"), self.peer("leecher")
        share, proxy = self.half_way(seeder, leecher, "model")
        leecher.ok("cancel", share)
        place = leecher.unfinished()
        os.rename(place, leecher.dir / "moved")
        place.write_bytes(b"of somebody else")
        proxy.rate = None
        leecher.ok("download", share, "--peer", proxy.address)
        self.assertEqual(place.read_bytes(), b"of somebody else")
        self.assertEqual(digest(leecher.dir / "model"), digest(self.directory / "data" / "model"))

    def test_a_download_folder_is_shared_without_what_is_unfinished_and_without_the_state(self):
        seeder, leecher = self.peer("seeder"), self.peer("leecher")
        self.half_way(seeder, leecher, "model")
        (leecher.dir / "done").write_text("complete")
        row = leecher.add(leecher.dir)
        self.assertEqual(row["files"], 1)
        self.assertTrue(any(".shoal" in note for note in row["notes"]), row["notes"])
        self.assertEqual(leecher.run("add", leecher.state).code, 2)
        (self.directory / "all" / "state").mkdir(parents=True)
        (self.directory / "all" / "done").write_text("complete")
        (self.directory / "inside.state").symlink_to("all/state")
        inside = self.peer("inside")
        row = inside.add(self.directory / "all")
        self.assertEqual(row["files"], 1)
        self.assertTrue(any("state directory" in note for note in row["notes"]), row["notes"])

    def test_a_torrent_file_is_written_beside_nothing(self):
        seeder, _ = self.pair("x")
        beside = self.directory / "x.torrent.part"
        beside.write_text("mine")
        target = self.directory / "x.torrent"
        seeder.ok("torrent", "x", "-o", target)
        self.assertEqual(beside.read_text(), "mine")
        expected = target.read_bytes()
        link = self.directory / "link.torrent"
        target.write_bytes(b"")
        link.symlink_to(target)
        seeder.ok("torrent", "x", "-o", link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(target.read_bytes(), expected)
        self.assertEqual(target.stat().st_mode & 0o111, 0)
        # Not replaced by a file.
        pipe = self.directory / "pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        seeder.ok("torrent", "x", "-o", pipe)
        self.assertEqual(os.read(reader, len(expected) + 1), expected)
        os.close(reader)
        self.assertTrue(pipe.is_fifo())
