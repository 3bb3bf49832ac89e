"""Shares that a peer fetches because somebody reads them over HTTP, and how it gives them up."""
import hashlib
import http.client
import shutil
import threading
import unittest

from harness import SwarmTest, digest, wait_for
from tracker_wire import Member

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

    def reader(self, *options, size="9M"):
        options += ("--fetch-on-read", size) if size else ()
        self.reader_ = self.peer("reader", self.tracker_, *options)
        for name in self.files:
            self.wait_listed(self.reader_, name)
        return self.reader_

    def ask(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.reader_.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
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

    def wait_complete(self, name):
        wait_for(lambda: name in {row["name"] for row in self.reader_.json("status")["shares"]}, f"{name} is complete")

    def publish(self, share, size, **more):
        """Somebody lists the share with this size."""
        member = Member(self.tracker_.port, **more)
        self.addCleanup(member.close)
        member.say(type="publish", shares=[{"id": share, "name": "told", "bytes": size, "files": 1, "have": size}])
        self.wait_listed(self.reader_, "told", bytes=size)

    def test_a_share_that_is_not_here_is_fetched_and_served(self):
        self.reader()
        self.read("a.bin")
        there = self.ask("/s/a.bin")
        self.assertEqual((there.status, there.headers["Location"]), (302, f"/s/{self.ids['a.bin']}/"))
        self.assertIn(b"one.txt", self.ask(f"/s/{self.folder}/deep/").body)
        self.assertEqual(self.ask(f"/s/{self.folder}/deep/one.txt").status, 200)
        wait_for(lambda: self.reader_.json("status")["shares"], "a complete share")
        self.wait_listed(self.seeder, "a.bin", seeders=2)

    def test_the_beginning_of_an_id_means_it(self):
        self.reader()
        short = self.ids["a.bin"][:12]
        self.assertEqual(self.ask(f"/s/{short[:7]}/a.bin").status, 404)
        there = self.ask(f"/s/{short}/a.bin")
        self.assertEqual((there.status, there.headers["Location"]), (302, f"/s/{self.ids['a.bin']}/a.bin"))
        self.assertEqual(self.kept(), {"a.bin"})

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
        self.assertEqual(self.ask("/s/" + "0" * 64 + "/x").status, 404)
        self.assertEqual(self.kept(), set())

    def test_no_pattern_link_or_part_of_a_name_is_fetched(self):
        self.reader()
        share = self.ids["a.bin"]
        for word in ("*.bin", "a.*", "a.b?n", "a.bi", share[:7], f"magnet:%3Fxt=urn:btmh:1220{share}"):
            self.assertEqual(self.ask(f"/s/{word}").status, 404, word)
        self.assertEqual(self.kept(), set())

    def test_a_page_of_another_site_begins_no_fetch(self):
        self.reader()
        path = f"/s/{self.ids['a.bin']}/a.bin"
        self.assertEqual(self.ask(path, Sec_Fetch_Site="cross-site").status, 404)
        self.assertEqual(self.kept(), set())
        self.assertEqual(self.ask(path, Sec_Fetch_Site="same-origin").status, 200)
        # What is here anyway it may show.
        self.assertEqual(self.ask(path, Sec_Fetch_Site="cross-site").status, 200)

    def test_a_share_that_is_larger_than_it_was_announced_is_not_fetched(self):
        hidden = self.peer("hidden")
        share = hidden.add(self.file("hidden/big.bin", 8 * MIB))["id"]
        self.reader()
        self.publish(share, 1000, port=hidden.port)
        self.assertEqual(self.ask(f"/s/{share}/big.bin").status, 503)
        wait_for(lambda: "it has 8.39 MB, and only 1.00 kB were announced" in self.reader_.text(), "it fails in words")
        self.assertEqual([list(one.iterdir()) for one in (self.reader_.state / "read").iterdir()], [[]])
        self.read("a.bin")
        wait_for(lambda: self.folders() == [self.ids["a.bin"]], "what failed is given up")
        self.assertEqual(self.kept(), {"a.bin"})

    def test_a_share_of_unknown_size_is_not_fetched(self):
        self.reader()
        self.publish("ab" * 32, 0)
        answer = self.ask("/s/" + "ab" * 32 + "/x")
        self.assertEqual(answer.status, 503)
        self.assertIn(b"nobody says how large it is", answer.body)
        self.assertEqual(self.kept(), set())

    def test_shares_that_arrive_have_their_room(self):
        self.seeder.ok("limit", "--up", "200K")
        self.reader()
        for name in ("a.bin", "b.bin"):
            threading.Thread(target=self.start_reading, args=(name,), daemon=True).start()
        wait_for(lambda: self.kept() == {"a.bin", "b.bin"}, "two are being read")
        answer = self.ask(f"/s/{self.ids['c.bin']}/c.bin")
        self.assertEqual(answer.status, 503)
        self.assertIn(b"no room", answer.body)
        self.assertEqual(self.kept(), {"a.bin", "b.bin"})

    def start_reading(self, name):
        connection = http.client.HTTPConnection("127.0.0.1", self.reader_.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", f"/s/{self.ids[name]}/{name}")

    def test_what_its_user_cancelled_stays_as_it_is(self):
        self.seeder.ok("limit", "--up", "500K")
        self.reader()
        self.reader_.ok("download", "--no-wait", self.ids["a.bin"])
        self.reader_.wait_done(self.ids["a.bin"], 1)
        self.reader_.ok("cancel", "a.bin")
        before = self.reader_.download_row(self.ids["a.bin"])
        self.assertEqual(before["phase"], "cancelled")
        partial = self.reader_.unfinished()
        for word in (self.ids["a.bin"], "a.bin"):
            self.assertEqual(self.ask(f"/s/{word}/a.bin").status, 404)
        self.assertEqual(self.reader_.download_row(self.ids["a.bin"]), before)
        self.assertEqual(self.reader_.unfinished(), partial)

    def test_what_nobody_else_holds_is_not_given_up_for_a_download(self):
        self.reader()
        self.read("a.bin")
        self.wait_complete("a.bin")
        self.wait_listed(self.reader_, "a.bin", seeders=2)
        self.seeder.terminate()
        self.wait_listed(self.reader_, "a.bin", seeders=1)
        refused = self.reader_.run("download", "a.bin", cwd=self.reader_.dir)
        self.assertEqual(refused.code, 7, refused.err)
        self.assertIn(f"is here already, in {self.reader_.state}/read/{self.ids['a.bin']}", refused.err)
        self.read("a.bin")

    def test_a_download_does_not_land_in_the_cache(self):
        self.seeder.ok("limit", "--up", "500K")
        self.reader()
        self.start_reading("a.bin")
        self.reader_.wait_done(self.ids["a.bin"], 1)
        self.reader_.ok("cancel", "a.bin")
        self.seeder.ok("limit", "--up", "none")
        self.reader_.ok("download", "a.bin", cwd=self.reader_.dir)
        self.assertEqual(digest(self.reader_.dir / "a.bin"), digest(self.files["a.bin"]))
        self.assertEqual(self.folders(), [])

    def test_the_hook_hears_only_of_what_somebody_asked_for(self):
        heard = self.directory / "heard"
        hook = self.directory / "hook.sh"
        hook.write_text(f'#!/bin/sh\necho "$SHOAL_NAME" >> {heard}\n')
        hook.chmod(0o755)
        self.reader("--on-complete", hook)
        self.read("a.bin")
        self.wait_complete("a.bin")
        self.reader_.ok("download", "b.bin", cwd=self.reader_.dir)
        wait_for(lambda: heard.exists() and "b.bin" in heard.read_text(), "the hook runs")
        self.assertEqual(heard.read_text(), "b.bin\n")

    def test_what_somebody_adds_outlives_the_copy_for_readers(self):
        self.reader()
        self.read("a.bin")
        self.wait_complete("a.bin")
        mine = self.directory / "mine/a.bin"
        mine.parent.mkdir()
        shutil.copy(self.files["a.bin"], mine)
        self.assertEqual(self.reader_.add(mine)["id"], self.ids["a.bin"])
        self.assertEqual(self.folders(), [])
        for name in ("b.bin", "c.bin", "a.bin"):
            self.read(name)
        wait_for(lambda: self.folders() == sorted([self.ids["b.bin"], self.ids["c.bin"]]), "only these are for readers")
        self.assertEqual(self.kept(), {"a.bin", "b.bin", "c.bin"})
        self.assertEqual(digest(mine), digest(self.files["a.bin"]))

    def test_what_nothing_uses_is_deleted_at_the_start(self):
        self.reader()
        for name in ("a.bin", "b.bin"):
            self.read(name)
            self.wait_complete(name)
        self.reader_.terminate()
        read = self.reader_.state / "read"
        (read / ("cd" * 32)).mkdir()
        (read / ("cd" * 32) / "left.bin").write_bytes(bytes(1000))
        (read / self.ids["a.bin"] / "a.bin").unlink()
        self.reader()
        wait_for(lambda: self.folders() == [self.ids["b.bin"]], "what nothing uses is deleted")
        self.read("a.bin")
        self.read("b.bin")


if __name__ == "__main__":
    unittest.main()
