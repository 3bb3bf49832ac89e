"""Shares that a peer fetches because somebody reads them over HTTP, and how it gives them up."""
import hashlib
import http.client
import unittest

from harness import SwarmTest, digest, wait_for

MIB = 1 << 20


class ReadCacheTest(SwarmTest):
    in_memory = True

    def setUp(self):
        super().setUp()
        self.tracker_ = self.tracker()
        self.seeder = self.peer("seeder", self.tracker_)
        self.files = {name: self.file(f"data/{name}", 4 * MIB + 11, seed)
                      for seed, name in enumerate(("a.bin", "b.bin", "c.bin"))}
        self.ids = {name: self.seeder.add(path)["id"] for name, path in self.files.items()}
        self.folder = self.seeder.add(self.file("data/tree/deep/one.txt", 1000).parent.parent)["id"]

    def reader(self, size="9M"):
        options = ("--fetch-on-read", size) if size else ()
        self.reader_ = self.peer("reader", self.tracker_, *options)
        for name in self.files:
            self.wait_listed(self.reader_, name)
        return self.reader_

    def ask(self, path, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.reader_.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request(method, path)
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer

    def read(self, name):
        answer = self.ask(f"/s/{self.ids[name]}/{name}")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(hashlib.sha256(answer.body).hexdigest(), digest(self.files[name]))

    def kept(self):
        status = self.reader_.json("status")
        return {row["name"] for row in status["shares"]} | {row["name"] for row in status["downloads"]}

    def folders(self):
        return sorted(one.name for one in (self.reader_.state / "read").iterdir())

    def test_a_share_that_is_not_here_is_fetched_and_served(self):
        self.reader()
        self.read("a.bin")
        there = self.ask("/s/a.bin")
        self.assertEqual((there.status, there.headers["Location"]), (302, f"/s/{self.ids['a.bin']}/"))
        self.assertIn(b"one.txt", self.ask(f"/s/{self.folder}/deep/").body)
        self.assertEqual(self.ask(f"/s/{self.folder}/deep/one.txt").status, 200)
        wait_for(lambda: self.reader_.json("status")["shares"], "a complete share")
        self.wait_listed(self.seeder, "a.bin", seeders=2)

    def test_without_the_option_nothing_is_fetched(self):
        self.reader(size=None)
        self.assertEqual(self.ask(f"/s/{self.ids['a.bin']}/a.bin").status, 404)
        self.assertEqual(self.kept(), set())

    def test_what_was_read_longest_ago_goes(self):
        self.reader()
        for name in ("a.bin", "b.bin", "a.bin", "c.bin"):
            self.read(name)
        wait_for(lambda: self.kept() == {"a.bin", "c.bin"}, "b.bin is given up")
        wait_for(lambda: self.folders() == sorted([self.ids["a.bin"], self.ids["c.bin"]]), "its folder is gone")
        self.read("b.bin")

    def test_what_somebody_downloaded_or_added_stays(self):
        self.reader()
        self.reader_.ok("download", "a.bin", cwd=self.reader_.dir)
        mine = self.reader_.add(self.file("mine/own.bin", 5 * MIB, 9))
        for name in ("a.bin", "b.bin", "c.bin"):
            self.read(name)
        wait_for(lambda: self.kept() == {"a.bin", "own.bin", "b.bin", "c.bin"}, "all are here")
        self.assertEqual(self.ask(f"/s/{mine['id']}/own.bin").status, 200)
        # A share that was fetched for readers becomes the user's when the user downloads it.
        self.reader_.ok("download", "b.bin", cwd=self.reader_.dir)
        self.assertEqual(digest(self.reader_.dir / "b.bin"), digest(self.files["b.bin"]))
        self.assertEqual(self.folders(), [self.ids["c.bin"]])

    def test_too_large_a_share_is_refused_in_words(self):
        self.reader(size="1M")
        answer = self.ask(f"/s/{self.ids['a.bin']}/a.bin")
        self.assertEqual(answer.status, 503)
        self.assertIn(b"4.19 MB", answer.body)
        self.assertIn(b"1.00 MB", answer.body)

    def test_the_cache_outlives_the_peer(self):
        self.reader()
        self.read("a.bin")
        wait_for(lambda: self.reader_.json("status")["shares"], "a complete share")
        self.reader_.terminate()
        self.reader()
        wait_for(lambda: "a.bin" in self.kept(), "it is still here")
        self.read("b.bin")
        self.read("c.bin")
        wait_for(lambda: self.kept() == {"b.bin", "c.bin"}, "a.bin is given up")

    def test_unknown_and_cancelled_shares(self):
        self.reader()
        self.assertEqual(self.ask("/s/nobody-has-this").status, 404)
        self.assertEqual(self.ask("/s/*.bin").status, 404)
        self.assertEqual(self.ask("/s/" + "0" * 64 + "/x").status, 404)
        self.assertEqual(self.kept(), set())


if __name__ == "__main__":
    unittest.main()
