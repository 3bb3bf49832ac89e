"""The list of peers and shares: joining, leaving, dying, freezing, a tracker that restarts."""
import signal
import socket
import time

from harness import PATIENCE, Peer, SwarmTest, digest, go_on, stop, wait_for
from tracker_wire import Member


class TrackerTest(SwarmTest):
    def test_sixteen_peers_see_each_other(self):
        tracker = self.tracker()
        peers = [self.peer(f"p{i:02}", tracker) for i in range(16)]
        for peer in peers:
            self.wait_peers(peer, 16)
        names = [row["name"] for row in peers[0].json("peers")]
        self.assertEqual(names, sorted(peer.name for peer in peers))

    def test_leaving_killed_and_frozen_peers_disappear(self):
        tracker = self.tracker("--heartbeat", "200")
        watcher, leaves, killed, frozen = (self.peer(name, tracker) for name in ("w", "leaves", "killed", "frozen"))
        self.wait_peers(watcher, 4)
        leaves.ok("stop")
        self.wait_peers(watcher, 3, seconds=5)
        killed.kill()
        self.wait_peers(watcher, 2, seconds=5)
        stop(frozen)
        begun = time.monotonic()
        self.wait_peers(watcher, 1, seconds=10)
        self.assertGreater(time.monotonic() - begun, 0.3)
        go_on(frozen)
        self.wait_peers(watcher, 2)

    def test_a_large_swarm_counts_its_peers_and_lists_them_when_asked(self):
        tracker = self.tracker("--listed-peers", "3")
        peers = [self.peer(f"p{i}", tracker) for i in range(6)]
        hasher = Member(tracker.port, name="hasher")
        self.addCleanup(hasher.close)
        for peer in peers:
            self.wait_peers(peer, 7)
        rows = peers[0].json("peers")
        self.assertEqual([row["name"] for row in rows], ["hasher", "p0", "p1", "p2", "p3", "p4", "p5"])
        self.assertEqual([row["name"] for row in rows if row["self"]], ["p0"])
        self.assertTrue(all(row["as_of"] > 0 for row in rows), rows)
        # Whoever hashes is listed: others wait for what comes.
        hasher.say(type="hashing", shares=[{"name": "soon", "bytes": 1000, "done": 340}])
        wait_for(lambda: [row["reason"] for row in peers[1].json("list")] == ["hasher is still hashing soon (34 %)"],
                 "what is hashed is listed")
        waiting = peers[2].start("download", "soon")
        hasher.say(type="hashing", shares=[])
        path = self.file("data/soon", 1_000_000)
        peers[3].add(path)
        out, err = waiting.communicate(timeout=PATIENCE)
        self.assertEqual(waiting.returncode, 0, out + err)
        self.assertEqual(digest(peers[2].dir / "soon"), digest(path))
        # As many as half of the bound are all listed again.
        for peer in peers[:-1]:
            peer.ok("stop")
        hasher.close()
        self.wait_peers(peers[-1], 1)

    def test_peers_join_the_further_trackers_of_which_theirs_tells(self):
        second = self.tracker(name="second")
        first = self.tracker("--also", second.ready["listen"][0], name="first")
        a, b = self.peer("a", first), self.peer("b", second)
        path = self.file("data/x", 1_000_000)
        a.add(path)
        # It never heard of the first one.
        self.wait_listed(b, "x", seeders=1)
        self.assertEqual(len(a.json("status")["trackers"]), 2)
        self.assertEqual(len(b.json("status")["trackers"]), 1)
        self.wait_peers(a, 2)
        first.kill()
        b.ok("download", "x")
        self.wait_listed(a, "x", seeders=2)
        # It knows the way when it starts anew, and does not miss what its user did not name.
        a.terminate()
        a = Peer(self, "a", self.directory, "--tracker", first.ready["listen"][0])
        self.wait_listed(a, "x", seeders=2)
        second.kill()
        self.assertNotIn(second.ready["listen"][0], wait_for(lambda: a.run("list").err, "the list is old"))
        # Who names another tracker leaves the swarm.
        a.terminate()
        third = self.tracker(name="third")
        a = Peer(self, "a", self.directory, "--tracker", third.ready["listen"][0])
        self.assertEqual(len(a.json("status")["trackers"]), 1)

    def test_who_leaves_is_gone_though_one_of_two_trackers_is_away(self):
        one, two = self.tracker(name="one"), self.tracker(name="two")
        both = ["--tracker", one.ready["listen"][0], "--tracker", two.ready["listen"][0]]
        a, b, c = (self.peer(name, None, *both) for name in "abc")
        path = self.file("data/x", 1_000_000)
        for peer in (a, b):
            peer.add(path)
        self.wait_listed(c, "x", seeders=2)
        self.wait_peers(c, 3)
        one.kill()
        wait_for(lambda: [row["connected"] for row in c.json("status")["trackers"]] == [False, True], "one is away")
        b.ok("stop")
        self.wait_peers(c, 2)
        self.wait_listed(c, "x", seeders=1)
        a.ok("stop")
        self.wait_peers(c, 1)
        wait_for(lambda: c.json("list") == [], "nobody has it any more")

    def test_restarted_tracker_in_mid_download(self):
        tracker = self.tracker()
        address = tracker.ready["listen"][0]
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        path = self.file("data/big.bin", 200_000_000)
        share = a.add(path)["id"]
        self.wait_listed(b, "big.bin")
        b.ok("download", share, "--no-wait")
        b.wait_done(share, 1)
        tracker.kill()
        b.wait_done(share, 200_000_000)
        wait_for((b.dir / "big.bin").exists, "the file has its final name")
        self.assertEqual(digest(b.dir / "big.bin"), digest(path))
        self.tracker("--listen", address, name="tracker again")
        c = self.peer("c", None, "--tracker", address)
        self.wait_peers(c, 3)
        self.wait_listed(c, "big.bin", seeders=2)

    def test_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("no IPv6 on this machine")
        tracker = self.tracker("--listen", "[::1]:0")
        a = self.peer("a", tracker, "--listen", "[::1]:0")
        b = self.peer("b", tracker, "--listen", "[::1]:0")
        path = self.file("data/six.bin", 1_000_000)
        a.add(path)
        self.wait_listed(b, "six.bin")
        row = b.json("download", "six.bin")[0]
        self.assertEqual(digest(b.dir / "six.bin"), digest(path))
        self.assertIn("[::1]", row["sources"][0]["address"])

    def test_sigterm_ends_a_peer_quickly_and_says_so_to_all(self):
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        self.wait_peers(b, 2)
        code, seconds = a.terminate()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 2)
        self.wait_peers(b, 1, seconds=2)
        code, seconds = tracker.terminate()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 2)

    def test_garbage_on_every_port(self):
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        path = self.file("data/x.bin", 1_000_000)
        a.add(path)
        for garbage in (b"", b"\x00" * 100, b"\x13BitTorrent protocol" + b"\xff" * 200, b"GET / HTTP/1.1\r\n\r\n",
                        b"GET /live HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", b"\xff" * 100_000,
                        b"POST /live HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 10_000):
            for port in (tracker.port, a.port, b.port):
                with socket.create_connection(("127.0.0.1", port)) as connection:
                    try:
                        connection.sendall(garbage)
                        connection.shutdown(socket.SHUT_WR)
                        connection.settimeout(20)
                        while connection.recv(65536):
                            pass
                    except OSError:
                        pass
        control = socket.socket(socket.AF_UNIX)
        control.connect(b.ready["control"])
        control.sendall(b"garbage\n{}\n[]\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nothing\"}\n")
        answers = b""
        while answers.count(b"\n") < 4:
            answers += control.recv(65536)
        control.close()
        self.wait_listed(b, "x.bin")
        b.ok("download", "x.bin")
        self.assertEqual(digest(b.dir / "x.bin"), digest(path))


if __name__ == "__main__":
    import unittest
    unittest.main()
