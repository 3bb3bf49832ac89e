"""What dies, freezes, lies or goes away in the middle of a download."""
import signal
import time

from harness import SwarmTest, digest, go_on, stop, wait_for
from proxy import Proxy

SIZE = 24_000_000
RATE = 6_000_000


class FailureTest(SwarmTest):
    def seeders(self, count, rate=RATE, size=SIZE):
        """Peers that hold one file, each behind a proxy that limits it; the file, its id, peers and proxies."""
        path = self.file("data/big.bin", size)
        peers = [self.peer(f"s{i}") for i in range(count)]
        share = [peer.add(path)["id"] for peer in peers][0]
        proxies = [Proxy(self, peer.port, rate=rate) for peer in peers]
        return path, share, peers, proxies

    def begin(self, peer, share, proxies):
        words = ["download", share, "--no-wait"]
        for proxy in proxies:
            words += ["--peer", proxy.address]
        peer.ok(*words)

    def finish(self, peer, share, path):
        peer.wait_done(share, path.stat().st_size)
        target = peer.dir / path.name
        wait_for(target.exists, f"{target} has its final name")
        self.assertEqual(digest(target), digest(path))

    def test_killed_seeder(self):
        path, share, peers, proxies = self.seeders(3)
        d = self.peer("d")
        self.begin(d, share, proxies)
        d.wait_done(share, SIZE // 4)
        peers[0].kill()
        self.finish(d, share, path)
        row = d.download_row(share)
        self.assertIn("gone", [source["state"] for source in row["sources"]])
        self.assertLess(row["bytes_duplicate"], SIZE // 10)

    def test_frozen_seeder_costs_two_seconds_at_most(self):
        path, share, peers, proxies = self.seeders(2)
        d = self.peer("d")
        self.begin(d, share, proxies)
        d.wait_done(share, SIZE // 8)
        proxies[0].swallow = True
        frozen = time.monotonic()
        wait_for(lambda: "stalled" in [source["state"] for source in d.download_row(share)["sources"]],
                 "the silent source is found out")
        self.assertLess(time.monotonic() - frozen, 2.5)
        self.finish(d, share, path)

    def test_lost_path_is_dialled_anew(self):
        path, share, peers, proxies = self.seeders(1)
        d = self.peer("d")
        self.begin(d, share, proxies)
        d.wait_done(share, SIZE // 8)
        # The old connection never works again, and nobody says so.
        proxies[0].lose_paths()
        self.finish(d, share, path)
        self.assertIn("a lost path is replaced", d.text())
        self.assertGreater(proxies[0].connections, 1)
        self.assertEqual(1, len({source["address"] for source in d.download_row(share)["sources"]}))

    def test_stopped_seeder(self):
        path, share, peers, proxies = self.seeders(2)
        d = self.peer("d")
        self.begin(d, share, proxies)
        d.wait_done(share, SIZE // 8)
        stop(peers[0])
        self.finish(d, share, path)
        go_on(peers[0])

    def test_all_sources_gone_then_back(self):
        tracker = self.tracker()
        path = self.file("data/big.bin", SIZE)
        a = self.peer("a", tracker)
        share = a.add(path)["id"]
        slow = Proxy(self, a.port, rate=RATE)
        d = self.peer("d", tracker)
        d.ok("download", share, "--peer", slow.address, "--no-wait")
        # The tracker hands out a's own address as well; whichever session comes first, a dies early.
        d.wait_done(share, 1)
        a.kill()
        # What a had sent already may still come in, and be all of it.
        row = wait_for(lambda: (r := d.download_row(share))["phase"] in ("waiting", "complete") and r,
                       "the download waits or is complete")
        if row["phase"] == "waiting":
            self.assertIn("waiting for a peer", row["reason"])
        self.peer("a", tracker)
        self.finish(d, share, path)

    def test_killed_downloader_goes_on_from_what_it_had(self):
        path, share, peers, proxies = self.seeders(1)
        d = self.peer("d")
        self.begin(d, share, proxies)
        d.wait_done(share, SIZE // 2)
        d.kill()
        before = proxies[0].bytes
        d = self.peer("d")
        row = d.wait_done(share, SIZE // 3)
        self.finish(d, share, path)
        # Half was there; the last moments before the kill may be fetched again.
        self.assertLess(proxies[0].bytes - before, SIZE * 3 // 4, row)

    def test_cancelled_download_is_kept_and_goes_on_when_asked(self):
        path, share, peers, proxies = self.seeders(1)
        d = self.peer("d")
        words = ["download", share, "--peer", proxies[0].address]
        running = d.start(*words)
        d.wait_done(share, SIZE // 3)
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(30), 130)
        running.communicate()
        wait_for(lambda: d.download_row(share)["phase"] == "cancelled", "the download is cancelled")
        self.assertEqual(d.unfinished().name, share)
        before = proxies[0].bytes
        d.ok(*words)
        self.assertEqual(digest(d.dir / "big.bin"), digest(path))
        self.assertLess(proxies[0].bytes - before, SIZE * 5 // 6)

    def test_lying_source_is_banned_and_no_wrong_byte_arrives(self):
        path, share, peers, proxies = self.seeders(3)
        proxies[0].corrupt_from = 200_000
        proxies[0].corrupt_every = 400_000
        d = self.peer("d")
        self.begin(d, share, proxies)
        self.finish(d, share, path)
        self.assertGreater(d.download_row(share)["bytes_failed"], 0)

    def test_connection_that_breaks_again_and_again(self):
        path, share, peers, proxies = self.seeders(2)
        proxies[0].truncate_after = 1_500_000
        d = self.peer("d")
        self.begin(d, share, proxies)
        self.finish(d, share, path)

    def test_source_with_long_delay_does_not_hold_up_the_end(self):
        path, share, peers, proxies = self.seeders(2)
        proxies[0].delay = 0.3
        d = self.peer("d")
        self.begin(d, share, proxies)
        self.finish(d, share, path)

    def test_file_that_changes_is_withdrawn_and_never_served_wrong(self):
        tracker = self.tracker()
        a, d = self.peer("a", tracker), self.peer("d", tracker)
        a.add(self.file("data/big.bin", 3_000_000))
        self.wait_listed(d, "big.bin")
        # By name it may be gone already.
        magnet = a.bare_link("big.bin")
        self.file("data/big.bin", 3_000_000, seed=7)
        d.ok("download", magnet, "--peer", f"127.0.0.1:{a.port}", "--no-wait")
        self.wait_listed(d, "big.bin", seeders=0)
        wait_for(lambda: "changed on disk" in a.text(), "the log says why")
        self.assertFalse((d.dir / "big.bin").exists())


if __name__ == "__main__":
    import unittest
    unittest.main()
