"""Limits of rates: of a process and of a share, set at the start and while everything runs."""
import time

from harness import PATIENCE, SwarmTest, digest, go_on, stop, wait_for

BURST = 0.05  # seconds' worth that may pass at once


class LimitsTest(SwarmTest):
    def seeder(self, name, path, *options):
        peer = self.peer(name, self.the_tracker, *options)
        row = peer.add(path)
        return peer, row["id"]

    def setUp(self):
        super().setUp()
        self.the_tracker = self.tracker()

    def passed(self, peer, what, seconds):
        """Bytes that the counter grew by in about so many seconds, and how long it was."""
        before, begun = peer.json("status")[what], time.monotonic()
        wait_for(lambda: time.monotonic() > begun + seconds, "time passes")
        # The later look comes after the later time was taken, the earlier one before the earlier: at least this long.
        after = peer.json("status")[what]
        return after - before, time.monotonic() - begun

    def check_rate(self, peer, what, rate, seconds=1.5):
        moved, took = self.passed(peer, what, seconds)
        # A status takes a while on a busy machine, in which more may pass; much less is no fault of a limit.
        self.assertLess(moved, rate * (took + 0.5), f"{moved} bytes in {took} s")
        self.assertGreater(moved, rate * took * 0.3, f"{moved} bytes in {took} s")

    def check_complete(self, peer, share_id, path, seconds=PATIENCE):
        wait_for(lambda: (peer.download_row(share_id) or {}).get("phase") == "complete", "it is complete", seconds)
        self.assertEqual(digest(peer.dir / path.name), digest(path))

    def test_a_limited_uploader_is_slow_and_not_dead(self):
        path = self.file("big", 6_000_000)
        source, share_id = self.seeder("source", path, "--up-limit", "2M")
        peer = self.peer("peer", self.the_tracker)
        begun = time.monotonic()
        row = peer.json("download", share_id)[0]
        took = time.monotonic() - begun
        self.assertGreater(took, 6 / 2 - BURST - 0.1)
        self.assertEqual(row["chunks_requeued"], 0)
        self.assertEqual(digest(peer.dir / "big"), digest(path))
        self.assertEqual(source.json("status")["up_limit"], 2_000_000)
        self.assertIn("limits     limited to 2.00 MB/s up\n", source.ok("status").out)
        self.assertIn("(this peer)  up 2.00 MB/s, down no limit\n", source.ok("limit").out)

    def test_a_limited_downloader_changes_its_limit_while_it_downloads(self):
        path = self.file("big", 60_000_000)
        _, share_id = self.seeder("source", path)
        peer = self.peer("peer", self.the_tracker, "--down-limit", "8Mbit")
        peer.ok("download", share_id, "--no-wait")
        wait_for(lambda: peer.json("status")["bytes_downloaded"] > 100_000, "it downloads")
        self.check_rate(peer, "bytes_downloaded", 1_000_000)
        peer.ok("limit", "--down", "3M")
        self.check_rate(peer, "bytes_downloaded", 3_000_000)
        row = peer.download_row(share_id)
        self.assertEqual([source["state"] for source in row["sources"]], ["active"])
        self.assertEqual((row["chunks_requeued"], row["reason"]), (0, ""))
        self.assertIn("3.00 MB/s", peer.ok("limit").out)
        peer.ok("limit", "--down", "0")
        self.check_complete(peer, share_id, path)

    def test_a_share_is_limited_alone_and_stays_so(self):
        limited, free = self.file("limited", 60_000_000), self.file("free", 20_000_000)
        source, limited_id = self.seeder("source", limited)
        free_id = source.add(free)["id"]
        peer = self.peer("peer", self.the_tracker)
        peer.ok("download", limited_id, "--no-wait", "--down-limit", "500K")
        peer.ok("download", free_id)
        self.assertEqual(peer.download_row(limited_id)["down_limit"], 500_000)
        self.check_rate(peer, "bytes_downloaded", 500_000)
        peer.kill()
        peer = self.peer("peer", self.the_tracker)
        row, = peer.json("limit", "limited")["shares"]
        self.assertEqual((row["name"], row["up"], row["down"]), ("limited", 0, 500_000))
        wait_for(lambda: peer.json("status")["bytes_downloaded"] > 100_000, "it goes on")
        self.check_rate(peer, "bytes_downloaded", 500_000)
        self.assertEqual([one["id"] for one in peer.json("limit")["shares"]], [limited_id])
        peer.ok("limit", "limited", "--down", "none")
        self.check_complete(peer, limited_id, limited)
        self.assertEqual(peer.json("limit")["shares"], [])
        source.ok("add", limited, "--up-limit", "10M")
        self.assertEqual(source.json("limit", "limited")["shares"][0]["up"], 10_000_000)
        limited.write_bytes(b"something else")
        new_id = source.json("add", limited)[0]["id"]
        self.assertNotEqual(new_id, limited_id)
        self.assertEqual([(one["id"], one["up"]) for one in source.json("limit")["shares"]], [(new_id, 10_000_000)])
        source.ok("remove", "limited")
        self.assertEqual(source.json("limit")["shares"], [])

    def test_a_peer_that_has_only_just_started_names_the_shares_with_limits(self):
        source, _ = self.seeder("source", self.file("x", 1000))
        for number in range(6):
            source.ok("add", self.file(f"share{number}", 1000), "--up-limit", "1M")
        for _ in range(5):
            source.kill()
            source = self.peer("source", self.the_tracker)
            names = sorted(one["name"] for one in source.json("limit")["shares"])
            self.assertEqual(names, [f"share{number}" for number in range(6)])

    def test_one_limited_source_of_several_does_not_hold_up_the_others(self):
        path = self.file("big", 80_000_000)
        _, share_id = self.seeder("slow", path, "--up-limit", "100K")
        for name in ("one", "two", "three"):
            self.seeder(name, path)
        peer = self.peer("peer", self.the_tracker)
        row = peer.json("download", share_id)[0]
        self.assertLess(row["elapsed"], 60)
        self.assertEqual(digest(peer.dir / "big"), digest(path))

    def test_a_limited_downloader_finds_out_who_stands_still(self):
        path = self.file("big", 12_000_000)
        _, share_id = self.seeder("well", path)
        ill, _ = self.seeder("ill", path)
        peer = self.peer("peer", self.the_tracker, "--down-limit", "2M")
        peer.ok("download", share_id, "--no-wait")

        def both():
            row = peer.download_row(share_id)
            return row and sum(source["bytes"] > 0 for source in row["sources"]) == 2
        wait_for(both, "both deliver")
        stop(ill)
        self.addCleanup(go_on, ill)
        self.check_complete(peer, share_id, path)

    def test_what_is_no_rate_is_refused(self):
        peer = self.peer("peer")
        for words in (["limit", "--up", "fast"], ["limit", "--down", "10"], ["add", str(peer.dir), "--up-limit", "-1M"]):
            result = peer.run(*words)
            self.assertEqual(result.code, 2, words)
            self.assertIn(words[-1], result.err)
            self.assertIn("write", result.err)
        self.assertEqual(peer.run("limit", "nothing", "--up", "1M").code, 3)
        self.assertEqual(peer.json("limit"), {"up": 0, "down": 0, "shares": []})
