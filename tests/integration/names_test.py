"""Names that look like something else: patterns, ids, links, files, options. A name means itself."""
from harness import SwarmTest, digest, wait_for

NAMES = ["[Group] Show - 01 [1080p].mkv", "a*b.bin", "what?.bin", "back\\slash.bin", "-rf", "--help", " blanks ", "x.torrent",
         "X.TORRENT", "magnet.bin", "magnet:", "deadbeef", "0123456789abcdef", "f" * 64, "~", "{x,y}", "...", "%20",
         "https:", "'quoted'"]


class NamesTest(SwarmTest):
    def swarm(self, names):
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        for number, name in enumerate(names):
            seeder.ok("add", "--", self.file(f"data/{name}", 1000, seed=number))
        wait_for(lambda: len(leecher.json("list")) == len(names), "all are listed")
        return seeder, leecher

    def expect(self, result, code, text):
        self.assertEqual(result.code, code, result.err)
        self.assertIn(text, result.err)

    def test_every_name_can_be_had_looked_at_and_removed(self):
        seeder, leecher = self.swarm(NAMES)
        for name in NAMES:
            leecher.ok("download", "--", name)
            self.assertEqual(digest(leecher.dir / name), digest(self.directory / "data" / name), name)
            self.assertEqual([row["name"] for row in leecher.json("list", "--", name)], [name])
        for name in NAMES:
            leecher.ok("verify", "--", name)
            self.assertIn("xt=urn:btmh:1220", leecher.ok("torrent", "--magnet", "--", name).out)
            leecher.ok("remove", "--", name)
        self.assertEqual(leecher.json("status")["shares"], [])

    def test_a_name_goes_before_a_pattern(self):
        seeder, leecher = self.swarm(["a*b", "aXb", "[ab]", "a"])
        for name in ["a*b", "[ab]"]:
            self.assertEqual([row["name"] for row in leecher.json("list", name)], [name])
            leecher.ok("download", name)
        self.assertEqual(sorted(path.name for path in leecher.dir.iterdir() if path.name != ".shoal"), ["[ab]", "a*b"])
        # One whose content is missing is meant by its name, not what fits it as a pattern.
        leecher.ok("download", "aXb")
        (leecher.dir / "a*b").unlink()
        wait_for(lambda: any(not row["there"] for row in leecher.json("status")["shares"]), "the loss is noticed")
        self.assertIn("a*b", leecher.ok("remove", "a*b").out)
        self.assertEqual(sorted(row["name"] for row in leecher.json("status")["shares"]), ["[ab]", "aXb"])

    def test_an_id_is_told_from_a_name_that_looks_like_one(self):
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        share = seeder.add(self.file("data/content", 1000))["id"]
        seeder.add(self.file(f"data/{share[:8]}", 1001))
        wait_for(lambda: len(leecher.json("list")) == 2, "both are listed")
        self.assertEqual(leecher.json("download", share[:8])[0]["name"], share[:8])
        self.assertEqual(leecher.json("download", share[:9].upper())[0]["name"], "content")
        blob = "ab" * 32
        seeder.add(self.file(f"data/{blob}", 1002))
        self.wait_listed(leecher, blob)
        self.assertEqual(leecher.json("download", blob, "--peer", f"127.0.0.1:{seeder.port}")[0]["name"], blob)

    def test_downloads_are_cancelled_by_name_pattern_id_or_link(self):
        leecher = self.peer("leecher")
        ids = {}
        for name in ["[x] a", "x b", "0123abcd"]:
            seeder = self.peer("seeder")
            ids[name] = seeder.add(self.file(f"data/{name}", 1000))["id"]
            magnet = f"magnet:?xt=urn:btmh:1220{ids[name]}&dn={name}"
            seeder.ok("remove", "--", name)
            leecher.ok("download", magnet, "--no-wait")
            seeder.kill()
        self.expect(leecher.run("cancel", f"magnet:?xt=urn:btmh:1220{'0' * 64}"), 3, "magnet")
        self.assertIn("x b", leecher.ok("cancel", f"magnet:?xt=urn:btmh:1220{ids['x b']}").out)
        leecher.ok("download", f"magnet:?xt=urn:btmh:1220{ids['x b']}&dn=x b", "--no-wait")
        self.expect(leecher.run("cancel", "nothing"), 3, "nothing")
        self.expect(leecher.run("cancel", "*"), 2, "3 shares")
        self.assertIn("[x] a", leecher.ok("cancel", "[x] a").out)
        self.assertIn("x b", leecher.ok("cancel", "x*").out)
        self.assertIn("0123abcd", leecher.ok("cancel", ids["0123abcd"][:10].upper()).out)
        self.assertEqual([row["phase"] for row in leecher.json("status")["downloads"]], ["cancelled"] * 3)

    def test_a_file_is_meant_where_no_share_is_called_so_or_by_its_path(self):
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        path = self.file("data/content", 1000)
        seeder.add(path)
        self.wait_listed(leecher, "content")
        for name in ["y.torrent", "Y.TORRENT", "no ending"]:
            seeder.ok("torrent", "content", "-o", self.directory / name)
            for word in [self.directory / name, (self.directory / name).as_uri()]:
                self.assertEqual(leecher.json("download", word)[0]["name"], "content")
        seeder.add(self.file("data/y.torrent", 1001))
        self.wait_listed(leecher, "y.torrent")
        here = self.directory / "y.torrent"
        self.assertEqual(leecher.json("download", here)[0]["name"], "content")
        self.assertEqual(leecher.json("download", "y.torrent", cwd=self.directory)[0]["name"], "y.torrent")
        here.rename(self.directory / "z.torrent")
        self.assertEqual(leecher.json("download", "z.torrent", cwd=self.directory)[0]["name"], "content")

    def test_what_is_neither_a_share_nor_a_file(self):
        leecher = self.peer("leecher")
        self.expect(leecher.run("download", "x.torrent"), 3, "no file is called so")
        self.expect(leecher.run("download", "./gone"), 3, "./gone")
        self.expect(leecher.run("download", "https://e.example/x.torrent"), 2, "web address")
        (self.directory / "d.torrent").mkdir()
        self.expect(leecher.run("download", "d.torrent", cwd=self.directory), 6, "d.torrent")
        self.expect(leecher.run("download", "magnet:?xt=urn:btmh:12"), 2, "magnet link")


if __name__ == "__main__":
    import unittest
    unittest.main()
