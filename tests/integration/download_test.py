"""The main job: add, list, download; folders and names of every kind; the same again."""
import os

from harness import SwarmTest, digest, tree, wait_for


class DownloadTest(SwarmTest):
    def test_file_from_two_seeders_arrives_whole_and_is_shared_on(self):
        tracker = self.tracker()
        path = self.file("data/model.bin", 40_000_003)
        a, b, c = (self.peer(name, tracker) for name in "abc")
        added = a.add(path)
        self.assertEqual(added["state"], "new")
        self.assertEqual(b.add(path)["id"], added["id"])
        self.wait_listed(c, "model.bin", seeders=2, bytes=40_000_003, files=1)
        row = c.json("download", "model.bin")[0]
        self.assertEqual(row["phase"], "complete")
        self.assertEqual(row["done"], 40_000_003)
        self.assertEqual(sum(source["bytes"] for source in row["sources"]) - row["bytes_duplicate"], 40_000_003)
        self.assertEqual(digest(c.dir / "model.bin"), digest(path))
        self.assertEqual([path.name for path in c.dir.iterdir()], ["model.bin"])
        self.wait_listed(a, "model.bin", seeders=3, leechers=0)

    def test_same_path_is_no_new_share_and_a_changed_file_is(self):
        tracker = self.tracker()
        a = self.peer("a", tracker)
        path = self.file("data/notes.txt", 100_000)
        first = a.add(path)
        again = a.add(path)
        self.assertEqual((again["state"], again["id"]), ("unchanged", first["id"]))
        self.file("data/notes.txt", 100_001, seed=1)
        changed = a.add(path)
        self.assertEqual(changed["state"], "changed")
        self.assertNotEqual(changed["id"], first["id"])
        self.assertEqual([row["id"] for row in a.json("status")["shares"]], [changed["id"]])
        wait_for(lambda: [row["id"] for row in a.json("list")] == [changed["id"]], "only the new share is listed")

    def test_folder_of_every_kind_of_entry(self):
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        root = self.directory / "data" / "Größe und 文件"
        (root / "nested" / "deep" / "er").mkdir(parents=True)
        (root / "empty" / "inside").mkdir(parents=True)
        (root / "empty file").touch()
        (root / "nested" / "naïve 名前.txt").write_text("text")
        (root / "nested" / "deep" / "er" / "run.sh").write_text("#!/bin/sh\n")
        (root / "nested" / "deep" / "er" / "run.sh").chmod(0o755)
        self.file(root / "big.bin", 3_000_000)
        os.symlink("nested/naïve 名前.txt", root / "link")
        added = a.add(root)
        self.assertTrue(any("link" in note for note in added["notes"]), added["notes"])
        self.wait_listed(b, root.name, files=4)
        b.ok("download", root.name)
        expected = tree(root)
        del expected["link"]
        self.assertEqual(tree(b.dir / root.name), expected)

    def test_symlinks_on_request_and_never_out_of_the_share(self):
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        root = self.directory / "data" / "linked"
        root.mkdir(parents=True)
        (root / "file").write_text("content")
        os.symlink("file", root / "inside")
        os.symlink("/etc/passwd", root / "outside")
        added = a.add(root, "--symlinks")
        self.assertTrue(any("outside" in note for note in added["notes"]), added["notes"])
        self.wait_listed(b, "linked")
        b.ok("download", "linked", "--symlinks")
        self.assertEqual(os.readlink(b.dir / "linked" / "inside"), "file")
        self.assertFalse((b.dir / "linked" / "outside").is_symlink())

    def test_many_small_files(self):
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        root = self.directory / "data" / "small"
        for i in range(3000):
            path = root / f"d{i % 37}" / f"f{i}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"%d " % i * (i % 300))
        a.add(root)
        self.wait_listed(b, "small", files=3000)
        b.ok("download", "small")
        self.assertEqual(tree(b.dir / "small"), tree(root))

    def test_by_id_prefix_glob_and_magnet(self):
        tracker = self.tracker()
        a = self.peer("a", tracker)
        names = ["one.bin", "two.bin", "three.bin", "four.txt"]
        ids = {name: a.add(self.file(f"data/{name}", 300_000))["id"] for name in names}
        b = self.peer("b", tracker)
        self.wait_listed(b, "four.txt")
        b.ok("download", ids["one.bin"])
        b.ok("download", ids["two.bin"][:8])
        magnet = a.ok("torrent", "three.bin", "--magnet").out.strip()
        b.ok("download", magnet)
        b.ok("download", "*.txt")
        for name in names:
            self.assertEqual(digest(b.dir / name), digest(self.directory / "data" / name))

    def test_what_is_there_already_is_not_fetched(self):
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        path = self.file("data/there.bin", 1_000_000)
        a.add(path)
        self.wait_listed(b, "there.bin")
        (b.dir / "there.bin").write_bytes(path.read_bytes())
        row = b.json("download", "there.bin")[0]
        self.assertTrue(row["already_there"])
        self.assertEqual(sum(source["bytes"] for source in row["sources"]), 0)

    def test_restarted_peer_shares_again_without_being_told(self):
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        path = self.file("data/kept.bin", 2_000_000)
        a.add(path)
        self.assertEqual(a.terminate()[0], 0)
        self.peer("a", tracker)
        self.wait_listed(b, "kept.bin", seeders=1)
        b.ok("download", "kept.bin")
        self.assertEqual(digest(b.dir / "kept.bin"), digest(path))

    def test_partial_downloader_uploads(self):
        # b gets everything through a; c is told of b only, while b is still downloading.
        from proxy import Proxy
        a = self.peer("a")
        path = self.file("data/relay.bin", 20_000_000)
        share = a.add(path)["id"]
        slow = Proxy(self, a.port, rate=8_000_000)
        b, c = self.peer("b"), self.peer("c")
        b.ok("download", share, "--peer", slow.address, "--no-wait")
        b.wait_done(share, 1)
        c.ok("download", share, "--peer", f"127.0.0.1:{b.port}", "--no-wait")
        early = c.wait_done(share, 1)
        self.assertLess(b.download_row(share)["done"] if early["done"] < 20_000_000 else 0, 20_000_000)
        c.wait_done(share, 20_000_000)
        wait_for(lambda: (c.dir / "relay.bin").exists(), "c has the file")
        self.assertEqual(digest(c.dir / "relay.bin"), digest(path))


if __name__ == "__main__":
    import unittest
    unittest.main()
