"""Torrents and links as people have them: written by sloppy programs, pasted from anywhere."""
import os
import pathlib
import subprocess

from harness import NODE, Result, SwarmTest, digest, tree, wait_for


def outer_parts(torrent):
    """The bencoded members of a .torrent of ours: the info dictionary, and the piece layers."""
    at = torrent.index(b"12:piece layers")
    return torrent[1:at], torrent[at:-1]


def bencoded(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, (bytes, str)):
        raw = value.encode() if isinstance(value, str) else value
        return b"%d:%s" % (len(raw), raw)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencoded, value)) + b"e"
    return b"d" + b"".join(bencoded(key) + bencoded(value[key]) for key in sorted(value)) + b"e"


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

    def alone(self, *words):
        """A download where no peer runs and nothing is known but its words; it ends in the folder that is returned."""
        directory = pathlib.Path(self.directory, f"alone{len(list(self.directory.iterdir()))}")
        directory.mkdir()
        done = Result(subprocess.run([NODE, "download", *map(str, words), "--dir", directory, "--state",
                                      self.directory / "none"], capture_output=True, text=True,
                                     stdin=subprocess.DEVNULL, timeout=60))
        self.assertEqual(done.code, 0, done.err)
        return directory

    def test_links_and_torrents_lead_into_the_swarm(self):
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        path = self.file("data/f", 1_000_000)
        seeder.add(path)
        # By the tracker alone, by a peer alone, and by what stands in the .torrent.
        at = tracker.ready["listen"][0]
        link = wait_for(lambda: (text := seeder.ok("torrent", "f", "--magnet").out.strip()) and "x.pe" in text and text,
                        "the tracker has seen the seeder")
        self.assertIn(f"&tr=ws:%2f%2f{at}%2flive", link)
        self.assertIn(f"&x.pe=127.0.0.1:{seeder.port}", link)
        seeder.ok("torrent", "f", "-o", self.directory / "f.torrent")
        by_tracker, by_peer = link.split("&x.pe=")[0], link.split("&tr=")[0] + "&x.pe=" + link.split("&x.pe=")[1]
        for word in [link, by_tracker, by_peer, self.directory / "f.torrent"]:
            self.assertEqual(digest(self.alone(word) / "f"), digest(path), word)

    def test_a_peer_without_a_tracker_leads_to_itself(self):
        seeder = self.peer("seeder", None, "--listen", ":0")
        path = self.file("data/f", 1_000_000)
        seeder.add(path)
        link = seeder.ok("torrent", "f", "--magnet").out.strip()
        self.assertIn(f":{seeder.port}", link)
        self.assertNotIn("&tr=", link)
        seeder.ok("torrent", "f", "-o", self.directory / "f.torrent")
        for word in [link, self.directory / "f.torrent"]:
            self.assertEqual(digest(self.alone(word) / "f"), digest(path), word)

    def test_a_leecher_leads_to_whom_it_knows(self):
        seeder, at, path = self.seeder()
        leecher = self.peer("leecher")
        leecher.ok("download", self.share, *at, "--no-wait")
        leecher.wait_done(self.share, 1)
        wait_for(lambda: (leecher.dir / "data.bin").exists(), "the download is complete")
        self.assertIn(f"x.pe=127.0.0.1:{leecher.port}", leecher.ok("torrent", "data.bin", "--magnet").out)

    def notes_while_it_waits(self, peer, *words):
        """What a download that finds nobody says before anything has come."""
        running = peer.start("download", *words)
        self.addCleanup(running.kill)
        line = running.stderr.readline()
        running.kill()
        running.communicate()
        return line

    def test_what_is_not_used_is_said_while_it_waits(self):
        share = "ab" * 32
        link = f"magnet:?xt=urn:btmh:1220{share}&dn=x&tr=udp%3A%2F%2Ft.example%3A1&tr=http://t.example&ws=http://w&so=1"
        peer = self.peer("a")
        self.assertEqual(self.notes_while_it_waits(peer, link), "note: x: not used yet: 2 trackers of another kind, "
                         "1 web source, the choice of files\n")
        other = f"magnet:?xt=urn:btmh:1220{share}&dn=x&tr=ws://127.0.0.1:9/live"
        self.assertIn("tracker 127.0.0.1:9 is not asked", self.notes_while_it_waits(peer, other))
        info = {"file tree": {"x": {"": {"length": 5, "pieces root": b"r" * 32}}}, "meta version": 2, "name": "x",
                "piece length": 65536}
        torrent = self.write("x.torrent", bencoded({"announce": "udp://t.example", "info": info, "url-list": ["http://w"]}))
        self.assertIn("1 tracker of another kind, 1 web source", self.notes_while_it_waits(peer, torrent))

    def test_what_is_not_used_is_said_where_nothing_else_leads_in(self):
        link = f"magnet:?xt=urn:btmh:1220{'ab' * 32}&tr=udp%3A%2F%2Ft.example%3A1"
        done = subprocess.run([NODE, "download", link, "--state", self.directory / "none"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("note: not used yet: 1 tracker of another kind", done.stderr)

    def test_a_private_torrent_is_not_listed(self):
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        path = self.file("data/secret", 100_000)
        public = seeder.add(path)["id"]
        seeder.ok("torrent", "secret", "-o", self.directory / "public.torrent")
        raw = (self.directory / "public.torrent").read_bytes()
        at = raw.index(b"4:info") + len("4:info")
        end = raw.index(b"12:piece layers")
        torrent = self.write("private.torrent", b"d4:info" + raw[at:end - 1] + b"7:privatei1ee" + raw[end:])
        seeder.ok("remove", public)
        # What is there already makes it a holder of the private share.
        done = seeder.run("download", torrent, "--dir", self.directory / "data")
        self.assertEqual(done.code, 0, done.err)
        self.assertIn("note: secret: it is private", done.err)
        link = seeder.ok("torrent", "secret", "--magnet").out.strip()
        self.assertNotIn("&tr=", link)
        marker = seeder.add(self.file("data/marker", 10))["id"]
        listed = wait_for(lambda: [row["id"] for row in leecher.json("list") if row["id"] == marker] and leecher.json("list"),
                          "what was added later is listed")
        self.assertEqual([row["name"] for row in listed if row["name"] == "secret"], [])
        private = seeder.json("torrent", "secret")["id"]
        leecher.ok("download", f"magnet:?xt=urn:btmh:1220{private}", "--peer", f"127.0.0.1:{seeder.port}")
        self.assertEqual(digest(leecher.dir / "secret"), digest(path))
        last = leecher.add(self.file("data/last", 10))["id"]
        third = self.peer("third", tracker)
        listed = wait_for(lambda: [row["id"] for row in third.json("list") if row["id"] == last] and third.json("list"),
                          "what was added last is listed")
        self.assertEqual([row["name"] for row in listed if row["name"] == "secret"], [])

    def test_symlinks_are_said_where_they_are_left_out_and_right_where_not(self):
        root = self.directory / "data" / "folder"
        self.file("data/folder/sub/g", 1000)
        (root / "sub" / "l").symlink_to("g")
        seeder = self.peer("seeder", None, "--share", root)
        wait_for(lambda: "sub/l is a symbolic link" in seeder.text(), "the log says what --share leaves out")
        seeder.ok("add", root, "--symlinks")
        share = seeder.json("status")["shares"][0]["id"]
        leecher = self.peer("leecher")
        done = leecher.run("download", share, "--peer", f"127.0.0.1:{seeder.port}")
        self.assertEqual((done.code, done.err.count("note: folder: sub/l is a symbolic link")), (0, 1), done.err)
        # Counted from the link, as some programs write it.
        links = {"": {"attr": "l", "symlink path": ["g"]}}
        info = {"file tree": {"sub": {"g": {"": {"length": 0}}, "l": links}}, "meta version": 2, "name": "theirs",
                "piece length": 65536}
        leecher.ok("download", self.write("theirs.torrent", bencoded({"info": info})), "--symlinks")
        self.assertEqual(os.readlink(leecher.dir / "theirs" / "sub" / "l"), "g")
        self.assertIn("sub/g", tree(leecher.dir / "theirs"))


if __name__ == "__main__":
    import unittest
    unittest.main()
