"""Several commands at once: they do not disturb each other."""
import json
import signal
import subprocess

from harness import NODE, SwarmTest, digest, wait_for
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
