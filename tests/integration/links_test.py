"""Torrents and links as people have them: written by sloppy programs, pasted from anywhere."""
from harness import SwarmTest, digest


def outer_parts(torrent):
    """The bencoded members of a .torrent of ours: the info dictionary, and the piece layers."""
    at = torrent.index(b"12:piece layers")
    return torrent[1:at], torrent[at:-1]


class LinksTest(SwarmTest):
    def seeder(self, name="data.bin", size=3_000_000):
        """A peer without a tracker that shares a file, the words that name it, and the file."""
        seeder = self.peer("seeder")
        path = self.file(f"data/{name}", size)
        self.share = seeder.add(path)["id"]
        return seeder, ["--peer", f"127.0.0.1:{seeder.port}"], path

    def write(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return path

    def test_torrents_of_sloppy_programs(self):
        seeder, at, path = self.seeder()
        seeder.ok("torrent", "data.bin", "-o", self.directory / "exact.torrent")
        exact = (self.directory / "exact.torrent").read_bytes()
        info, layers = outer_parts(exact)
        forms = {
            "without_layers": b"d" + info + b"e",
            "unsorted": b"d" + layers + info + b"10:created by1:x8:announce4:httpe",
            "repeated": b"d" + info + layers + info + b"e",
            "trailing": exact + b"\r\n<!-- saved -->",
            "zeros": b"d13:creation datei00e" + info + layers + b"e",
        }
        for name, content in forms.items():
            leecher = self.peer(name)
            leecher.ok("download", self.write(f"{name}.torrent", content), *at)
            self.assertEqual(digest(leecher.dir / "data.bin"), digest(path), name)

    def test_a_torrent_without_layers_survives_a_restart_before_its_first_peer(self):
        seeder, at, path = self.seeder()
        seeder.ok("torrent", "data.bin", "-o", self.directory / "exact.torrent")
        info, _ = outer_parts((self.directory / "exact.torrent").read_bytes())
        torrent = self.write("bare.torrent", b"d" + info + b"e")
        leecher = self.peer("leecher")
        leecher.ok("download", torrent, "--no-wait")
        self.assertEqual(leecher.download_row(self.share)["phase"], "metadata")
        leecher.kill()
        leecher = self.peer("leecher")
        leecher.ok("download", torrent, *at)
        self.assertEqual(digest(leecher.dir / "data.bin"), digest(path))

    def test_links_as_people_paste_them(self):
        seeder, at, path = self.seeder(size=100_000)
        link = f"magnet:?xt=urn:btmh:1220{self.share}"
        forms = [f" {link.upper()}\r\n", f"'{link}&amp;dn=100% x'", link.replace(":", "%3A"), f"<magnet://{link[7:]}>"]
        leecher = self.peer("leecher")
        for number, form in enumerate(forms):
            directory = self.directory / str(number)
            directory.mkdir()
            leecher.ok("download", form, *at, "--dir", directory)
            self.assertEqual(digest(directory / "data.bin"), digest(path), form)
            leecher.ok("remove", self.share)


if __name__ == "__main__":
    import unittest
    unittest.main()
