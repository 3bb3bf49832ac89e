"""Many at once: downloads, files."""
from harness import SwarmTest, wait_for


class ManyTest(SwarmTest):
    def test_more_downloads_wait_than_there_are_descriptors(self):
        count = 150
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        paths = [self.file(f"data/f{i}", 40_000, seed=i) for i in range(count)]
        seeder.ok("add", *map(str, paths))
        torrents = []
        for path in paths:
            torrents.append(str(self.directory / f"{path.name}.torrent"))
            seeder.ok("torrent", path.name, "-o", torrents[-1])
        seeder.terminate()
        self.prefix = ["prlimit", "--nofile=256:256"]
        leecher = self.peer("leecher", tracker)
        leecher.ok("download", *torrents, "--no-wait")
        self.prefix = []
        wait_for(lambda: all(row["phase"] == "waiting" for row in leecher.json("status")["downloads"]), "all wait")
        self.peer("seeder", tracker)
        wait_for(lambda: all(row["phase"] == "complete" for row in leecher.json("status")["downloads"]), "all came")
        self.assertEqual(len([entry for entry in leecher.dir.iterdir() if entry.is_file()]), count)
        self.assertNotIn("Too many open files", leecher.text())

    def test_a_torrent_of_many_files_is_written_and_read(self):
        seeder, leecher = self.peer("seeder"), self.peer("leecher")
        folder = self.directory / "many"
        folder.mkdir()
        for i in range(50_000):
            (folder / f"{'a-name-that-takes-room-' * 10}{i}").touch()
        seeder.add(folder)
        torrent = self.directory / "many.torrent"
        seeder.ok("torrent", "many", "-o", str(torrent))
        self.assertGreater(torrent.stat().st_size, 12 << 20)
        leecher.ok("download", str(torrent))
        self.assertEqual(sum(1 for _ in (leecher.dir / "many").iterdir()), 50_000)
