"""Several commands at once: they do not disturb each other."""
import json
import pathlib
import shutil
import signal
import subprocess

from harness import NODE, SwarmTest, digest, go_on, stop, wait_for
from proxy import Proxy


class TogetherTest(SwarmTest):
    def test_eight_downloads_without_a_running_peer(self):
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        names = [f"f{i}" for i in range(8)]
        for i, name in enumerate(names):
            seeder.add(self.file(f"data/{name}", 2_000_000, seed=i))
        wait_for(lambda: len(seeder.json("list")) == 8, "all are listed")
        down = self.directory / "down"
        down.mkdir()
        words = ["--tracker", tracker.ready["listen"][0], "--state", str(self.directory / "lone"), "--dir", str(down)]
        running = [subprocess.Popen([NODE, "download", name, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True) for name in names]
        for name, one in zip(names, running):
            self.addCleanup(one.kill)
            _, err = one.communicate(timeout=60)
            self.assertEqual(one.returncode, 0, err)
            self.assertEqual(digest(down / name), digest(self.directory / "data" / name))

    def lone(self, *words, cwd=None):
        """A download without a running peer; all of them have one state directory."""
        one = subprocess.Popen([NODE, "download", *map(str, words), "--state", str(self.directory / "lone")],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)
        self.addCleanup(one.kill)
        return one

    def lone_status(self):
        done = subprocess.run([NODE, "status", "--json", "--state", str(self.directory / "lone")], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=30)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def arrived(self, one, path):
        out, err = one.communicate(timeout=60)
        self.assertEqual(one.returncode, 0, err)
        self.assertIn(str(path), out)
        self.assertEqual(digest(path), digest(self.directory / "data" / path.name))

    def test_one_share_to_several_places_without_a_running_peer(self):
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        seeder.add(self.file("data/big", 8 << 20))
        places = [self.directory / f"to{i}" for i in range(4)]
        address = tracker.ready["listen"][0]
        running = [self.lone("big", "--tracker", address, "--dir", place) for place in places]
        for one, place in zip(running, places):
            self.arrived(one, place / "big")

    def test_a_place_of_its_own_beside_a_download_that_runs(self):
        seeder = self.peer("seeder")
        seeder.add(self.file("data/big", 4 << 20))
        link = seeder.bare_link("big")
        proxy = Proxy(self, seeder.port, rate=1 << 20)
        first = self.lone(link, "--peer", proxy.address, "--dir", self.directory / "first", "--seed")
        wait_for(lambda: (self.lone_status() or {}).get("downloads"), "the first one downloads")
        # What is shared by a peer that ends with a download would be shared for a moment.
        for words in (["add", str(self.directory / "data")], ["download", link, "--no-wait"]):
            done = subprocess.run([NODE, *words, "--state", str(self.directory / "lone")], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("start one with", done.stderr)
        here = self.directory / "here"
        here.mkdir()
        second = self.lone(link, "--peer", proxy.address, "--dir", self.directory / "second")
        third = self.lone(link, "--peer", proxy.address, cwd=here)
        proxy.rate = None
        self.arrived(second, self.directory / "second" / "big")
        self.arrived(third, here / "big")
        self.assertEqual(digest(self.directory / "first" / "big"), digest(self.directory / "data" / "big"))
        # It still serves: whoever comes later finds it.
        self.assertIsNone(first.poll())
        self.arrived(self.lone(link, "--dir", self.directory / "fourth", "--peer", proxy.address),
                     self.directory / "fourth" / "big")
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=20)

    def test_those_who_wait_for_a_command_that_is_interrupted_get_theirs(self):
        seeder = self.peer("seeder")
        for number in (signal.SIGINT, signal.SIGKILL):
            name = f"big{int(number)}"
            # Another one each time: what was downloaded once is on the disk.
            seeder.add(self.file(f"data/{name}", 4 << 20))
            link = seeder.bare_link(name)
            proxy = Proxy(self, seeder.port, rate=1 << 20)
            words = [link, "--peer", proxy.address, "--dir"]
            first = self.lone(*words, self.directory / f"first{number}")
            wait_for(lambda: any(row["done"] > 0 for row in (self.lone_status() or {}).get("downloads", [])), "it runs")
            places = [self.directory / f"other{number}-{i}" for i in range(3)]
            others = [self.lone(*words, place) for place in places]
            # The one that listens, the first command's own, and the others.
            wait_for(lambda: pathlib.Path("/proc/net/unix").read_text().count(f"{self.directory}/lone/control.sock") >= 5,
                     "all are served by the first")
            first.send_signal(number)
            proxy.rate = None
            first.communicate(timeout=60)
            for one, place in zip(others, places):
                self.arrived(one, place / name)

    def test_a_peer_that_runs_keeps_one_copy(self):
        leecher, share, words, proxy = self.slow_download()
        leecher.ok(*words, "--no-wait")
        leecher.wait_done(share, 1 << 20)
        result = leecher.run(*words, "--dir", self.directory / "other")
        self.assertEqual(result.code, 7, result.out)
        self.assertIn(str(leecher.dir), result.err)
        self.assertFalse((self.directory / "other" / "slow").exists())
        proxy.rate = None
        leecher.ok(*words)
        self.assertEqual(digest(leecher.dir / "slow"), digest(self.directory / "data/slow"))

    def slow_download(self):
        """A peer, the id of a share of 8 MiB, and the words that download it slowly."""
        seeder, leecher = self.peer("seeder"), self.peer("leecher")
        share = seeder.add(self.file("data/slow", 8 << 20))["id"]
        magnet = seeder.bare_link("slow")
        proxy = Proxy(self, seeder.port, rate=2 << 20)
        return leecher, share, ["download", magnet, "--peer", proxy.address], proxy

    def leave(self, one):
        one.send_signal(signal.SIGINT)
        _, err = one.communicate(timeout=20)
        self.assertEqual(one.returncode, 130, err)
        return err

    def test_an_onlooker_who_leaves_stops_nothing(self):
        leecher, share, words, proxy = self.slow_download()
        leecher.ok(*words, "--no-wait")
        onlooker = leecher.start(*words)
        self.addCleanup(onlooker.kill)
        leecher.wait_done(share, 1 << 20)
        self.assertIn("goes on", self.leave(onlooker))
        self.assertIsNotNone(leecher.download_row(share))
        proxy.rate = None
        leecher.ok(*words)
        self.assertEqual(digest(leecher.dir / "slow"), digest(self.directory / "data/slow"))

    def test_who_leaves_a_peer_that_does_not_answer_says_so(self):
        leecher, share, words, _ = self.slow_download()
        one = leecher.start(*words)
        self.addCleanup(one.kill)
        leecher.wait_done(share, 1 << 20)
        stop(leecher)
        try:
            self.assertIn("slow may go on", self.leave(one))
        finally:
            go_on(leecher)
        self.assertNotEqual(leecher.download_row(share)["phase"], "cancelled")

    def test_of_two_who_wait_the_last_one_who_leaves_stops_it(self):
        leecher, share, words, _ = self.slow_download()
        first, second = leecher.start(*words), leecher.start(*words)
        for one in (first, second):
            self.addCleanup(one.kill)
        leecher.wait_done(share, 2 << 20)
        self.assertIn("goes on", self.leave(first))
        self.assertIsNotNone(leecher.download_row(share))
        self.assertIn("kept", self.leave(second))
        wait_for(lambda: leecher.download_row(share)["phase"] == "cancelled", "the download is cancelled")

    def late(self):
        """A download into a directory that another peer uses, too: it is under way, and slow."""
        seeder, late = self.peer("seeder"), self.peer("late")
        share = seeder.add(self.file("data/x", 8 << 20))["id"]
        link = seeder.bare_link("x")
        proxy = Proxy(self, seeder.port, rate=2 << 20)
        place = self.directory / "place"
        late.ok("download", link, "--peer", proxy.address, "--dir", place, "--no-wait")
        late.wait_done(share, 1 << 20)
        return seeder, late, link, proxy, place

    def test_of_two_peers_with_one_directory_the_later_takes_what_the_other_brought(self):
        seeder, late, link, proxy, place = self.late()
        quick = self.peer("quick")
        quick.ok("download", link, "--peer", f"127.0.0.1:{seeder.port}", "--dir", place)
        proxy.rate = None
        self.assertIn(str(place / "x"), late.ok("download", link).out)
        self.assertEqual([entry.name for entry in place.iterdir()], ["x"])
        self.assertEqual(digest(place / "x"), digest(self.directory / "data/x"))
        for peer in (late, quick):
            shared, = peer.json("status")["shares"]
            self.assertEqual((shared["path"], shared["there"]), (str(place / "x"), True))
            peer.ok("verify", "x")
        late.terminate()
        again = self.peer("late")
        wait_for(lambda: again.json("status")["shares"], "a later run shares it, too")

    def test_what_came_in_the_way_of_a_download_stays_and_so_does_what_it_has(self):
        _, late, link, proxy, place = self.late()
        other = self.file("place/x", 8 << 20, seed=1)
        before = digest(other)
        proxy.rate = None
        result = late.run("download", link)
        self.assertEqual(result.code, 7, result.out)
        self.assertIn(str(other), result.err)
        self.assertEqual(digest(other), before)
        partial, = (place / ".shoal").iterdir()
        self.assertEqual(digest(partial), digest(self.directory / "data/x"))
        # Out of the way it is complete at once, and nothing is left behind.
        shutil.copy(self.directory / "data/x", other)
        late.ok("download", link)
        self.assertEqual([entry.name for entry in place.iterdir()], ["x"])

    def test_one_that_fails_does_not_hide_the_others(self):
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        for i, name in enumerate(("m1", "m2", "m3")):
            seeder.add(self.file(f"data/{name}", 1_000_000, seed=i))
            self.wait_listed(leecher, name)
        (leecher.dir / "m2").write_text("other")
        result = leecher.run("download", "m*", "--json")
        self.assertEqual(result.code, 7, result.err)
        self.assertIn("m2", result.err)
        phases = {row["name"]: row["phase"] for row in json.loads(result.out)}
        self.assertEqual(phases, {"m1": "complete", "m2": "failed", "m3": "complete"})
        for name in ("m1", "m3"):
            self.assertEqual(digest(leecher.dir / name), digest(self.directory / "data" / name))
        self.assertEqual((leecher.dir / "m2").read_text(), "other")
