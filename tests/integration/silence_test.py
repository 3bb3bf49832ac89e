"""Whoever waits is told for what, and what can go on by itself does."""
import json
import os
import re
import shutil
import socket
import subprocess
import time

from accuser import Accuser
from harness import SwarmTest, digest, go_on, rot, stop, wait_for
from proxy import Proxy


class HashingTest(SwarmTest):
    """A share that is still hashed has no id yet; those who ask for it by name wait."""

    def huge(self):
        """Takes long to hash, and little space: the same file under many names, until it is cut."""
        path = self.directory / "data" / "huge"
        self.file("data/huge/0", 8 << 20)
        for number in range(1, 4000):
            os.link(path / "0", path / str(number))
        return path

    def listed_as_hashed(self, peer, name):
        return wait_for(lambda: next((row for row in peer.json("list") if row["name"] == name and row["id"] == ""), None),
                        f"{name} is listed as being hashed")

    def ends(self, running):
        self.addCleanup(running.kill)
        out, err = running.communicate(timeout=60)
        return running.returncode, out + err

    def waiting(self, peer, what):
        """A download that has said that it waits; the answers of the peer, line by line."""
        control = socket.socket(socket.AF_UNIX)
        self.addCleanup(control.close)
        control.settimeout(60)
        control.connect(str(peer.state / "control.sock"))
        request = {"jsonrpc": "2.0", "id": 1, "method": "download", "params": {"what": what}}
        control.sendall(json.dumps(request).encode() + b"\n")
        answers = control.makefile()
        self.addCleanup(answers.close)
        self.assertIn("is still hashing", json.loads(answers.readline())["params"]["reason"])
        return answers

    def failure(self, answers):
        for line in answers:
            answer = json.loads(line)
            if "error" in answer:
                return answer["error"]
        return None

    def test_who_asks_for_what_is_hashed_waits_and_gets_it(self):
        tracker = self.tracker()
        leecher = self.peer("leecher", tracker)
        path = self.file("data/wanted", 3 << 20)
        # What comes after it waits for it, and is announced as well.
        seeder = self.peer("seeder", tracker, "--workers", "1", "--share", self.huge(), "--share", path)
        running = leecher.start("download", "wanted")
        by_glob = leecher.start("download", "want*")
        row = self.listed_as_hashed(leecher, "wanted")
        self.assertEqual((row["seeders"], row["local"], row["reason"]), (0, "", "seeder is still hashing wanted (0 %)"))
        self.assertIn("seeder is still hashing wanted", leecher.ok("list", "wanted").out)
        self.assertEqual([one["name"] for one in seeder.json("status")["hashing"]], ["huge", "wanted"])
        # Progress is told.
        wait_for(lambda: next(one for one in leecher.json("list") if one["name"] == "huge")["reason"] !=
                 "seeder is still hashing huge (0 %)", "some of it is hashed")
        self.assertIsNone(running.poll())
        os.truncate(self.directory / "data/huge/0", 0)
        for one in (running, by_glob):
            code, text = self.ends(one)
            self.assertEqual(code, 0, text)
        self.assertEqual(digest(leecher.dir / "wanted"), digest(path))
        wait_for(lambda: [row["name"] for row in leecher.json("list")] == ["wanted"], "nothing else is hashed any more")

    def test_a_pattern_waits_only_for_what_was_hashed_when_it_was_given(self):
        tracker = self.tracker()
        leecher = self.peer("leecher", tracker)
        listed = self.peer("listed", tracker, "--share", self.file("data/m0", 1 << 20))
        self.wait_listed(leecher, "m0")
        self.huge().rename(self.directory / "data/m1")
        first = self.peer("first", tracker, "--workers", "1", "--share", self.directory / "data/m1")
        self.listed_as_hashed(leecher, "m1")
        waiting = self.waiting(leecher, "m*")
        shutil.copytree(self.directory / "data/m1", self.directory / "data/m2", copy_function=os.link)
        second = self.peer("second", tracker, "--workers", "1", "--share", self.directory / "data/m2")
        self.listed_as_hashed(leecher, "m2")
        first.kill()
        answer = next(one for one in map(json.loads, waiting) if "result" in one or "error" in one)
        self.assertEqual([row["name"] for row in answer["result"]], ["m0"])
        self.assertEqual([row["name"] for row in second.json("status")["hashing"]], ["m2"])
        self.assertEqual(digest(leecher.dir / "m0"), digest(self.directory / "data/m0"))
        self.assertIsNone(listed.process.poll())

    def test_who_waits_is_told_that_the_hashing_was_given_up(self):
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker, "--workers", "1")
        leecher = self.peer("leecher", tracker)
        adding = seeder.start("add", self.huge())
        self.addCleanup(adding.communicate)
        self.addCleanup(adding.kill)
        self.listed_as_hashed(leecher, "huge")
        waiting = [self.waiting(one, "huge") for one in (leecher, seeder)]
        adding.kill()
        for answers in waiting:
            failure = self.failure(answers)
            self.assertEqual(failure["code"], 3)
            self.assertIn("seeder was hashing it and stopped", failure["message"])
        self.assertEqual(leecher.json("list"), [])

    def test_who_waits_is_told_that_the_peer_left(self):
        tracker = self.tracker()
        leecher = self.peer("leecher", tracker)
        seeder = self.peer("seeder", tracker, "--workers", "1", "--share", self.huge())
        self.listed_as_hashed(leecher, "huge")
        waiting = self.waiting(leecher, "huge")
        seeder.kill()
        failure = self.failure(waiting)
        self.assertEqual(failure["code"], 3)
        self.assertIn("seeder was hashing it and left the swarm", failure["message"])


class UnreachableTest(SwarmTest):
    """Of two peers one must be able to connect to the other; which of them is the same."""

    def hidden(self, name, tracker, *arguments):
        """Published at an address at which nobody listens, as one behind a firewall is."""
        return self.peer(name, tracker, "--advertise", "127.0.0.9", *arguments)

    def test_a_holder_to_whom_nobody_can_connect_connects_itself(self):
        tracker = self.tracker("--allow-advertise")
        path = self.file("data/x", 5 << 20)
        self.hidden("seeder", tracker, "--share", path)
        leecher = self.peer("leecher", tracker)
        self.wait_listed(leecher, "x", seeders=1)
        self.assertEqual([row["reachable"] for row in leecher.json("peers")], [True, False])
        leecher.ok("download", "x")
        self.assertEqual(digest(leecher.dir / "x"), digest(path))

    def test_where_neither_can_be_connected_to_the_reason_says_so(self):
        tracker = self.tracker("--allow-advertise")
        self.hidden("seeder", tracker, "--share", self.file("data/x", 1 << 20))
        leecher = self.hidden("leecher", tracker)
        row = self.wait_listed(leecher, "x", seeders=1)
        leecher.ok("download", "x", "--no-wait")

        def why():
            text = leecher.download_row(row["id"])["reason"]
            return text if "connect" in text.partition("is connected")[2] else None
        reason = wait_for(why, "a reason")
        self.assertIn("1 listed, to whom nobody can connect; nobody can connect to this peer either", reason)
        self.assertIn("open its port", reason)

    def test_a_firewall_that_only_the_downloader_meets(self):
        if os.geteuid() != 0 or shutil.which("nft") is None or shutil.which("ip") is None:
            self.skipTest("needs root, ip and nft, for a firewall in a namespace")
        name = f"shoal-test-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", name], check=True)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", name], check=True)
        self.prefix = ["ip", "netns", "exec", name]
        subprocess.run([*self.prefix, "ip", "link", "set", "lo", "up"], check=True)
        tracker = self.tracker()
        path = self.file("data/x", 5 << 20)
        seeder = self.peer("seeder", tracker, "--share", path)
        leecher = self.peer("leecher", tracker)
        self.wait_listed(leecher, "x", seeders=1)
        self.assertEqual([row["reachable"] for row in leecher.json("peers")], [True, True])
        for words in ("add table ip f", "add chain ip f i { type filter hook input priority 0; }",
                      f"add rule ip f i tcp dport {seeder.port} ct state new reject with tcp reset"):
            subprocess.run([*self.prefix, "nft", words], check=True)
        leecher.ok("download", "x")
        self.assertEqual(digest(leecher.dir / "x"), digest(path))


class DamageTest(SwarmTest):
    """A seeder whose copy rotted or cannot be read says so, and those who wait for it are told."""
    in_memory = True

    def not_there(self, peer, name):
        def withdrawn():
            # None at all while it is written down.
            return next((row["reason"] for row in peer.json("status")["shares"] if not row["there"]), None)
        return wait_for(withdrawn, f"{peer.name} withdraws {name}")

    def wait_told(self, seeder, leecher, share, reason):
        """The tracker hears that the seeder withdraws, and who waits reads why."""
        wait_for(lambda: "share is withdrawn" in seeder.text(), "the tracker is told")
        wait_for(lambda: reason in leecher.download_row(share)["reason"], f"the reason is '{reason}'")
        self.wait_listed(leecher, "x", seeders=0)

    def test_a_seeder_is_told_that_its_copy_is_damaged_and_withdraws_it(self):
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        path = self.file("data/x", 8 << 20)
        share = seeder.add(path)["id"]
        rot(path, 5 << 20)
        leecher.ok("download", "x", "--no-wait")
        self.assertIn("damaged", self.not_there(seeder, "x"))
        self.wait_told(seeder, leecher, share, "1 sent damaged data and is not asked for a while")
        # Mended, it is there again, and the download goes on with it: as a new peer, since the old one is banned.
        rot(path, 5 << 20)
        seeder.terminate()
        self.peer("again", tracker, "--share", path)
        leecher.ok("download", "x")
        self.assertEqual(digest(leecher.dir / "x"), digest(path))

    def test_who_lies_about_damage_costs_one_check_a_second(self):
        seeder = self.peer("seeder")
        share = seeder.add(self.file("data/x", 64 << 20))["id"]
        begun = time.monotonic()
        liar = Accuser(self, seeder, share)
        for _ in range(500):
            liar.accuse(range(1000))
        wait_for(lambda: "a piece was said to be damaged" in seeder.text(), "one is looked at")
        checks = seeder.text().count("a piece was said to be damaged")
        self.assertLessEqual(checks, time.monotonic() - begun + 1)
        self.assertNotIn("damaged=true", seeder.text())
        self.assertEqual(seeder.json("status")["shares"][0]["there"], True)

    def test_of_one_accuser_one_piece_is_looked_at(self):
        seeder = self.peer("seeder")
        share = seeder.add(self.file("data/x", 8 << 20))["id"]
        accuser = Accuser(self, seeder, share)

        def checked():
            return re.findall(r"said to be damaged .*piece=(\d+)", seeder.text())
        # What is not there, or was looked at already, is not looked at; nor is anything beside it.
        for pieces, expected in (([0], ["0"]), ([0, 1], None), ([0xFFFFFFFF], None), ([2, 3], ["0", "2"]),
                                 ([4, 5], ["0", "2", "4"])):
            accuser.accuse(pieces)
            if expected:
                wait_for(lambda expected=expected: len(checked()) >= len(expected), f"{pieces} are looked at")
                self.assertEqual(checked(), expected)

    def test_a_download_with_damaged_pieces_fails_and_begins_anew(self):
        tracker = self.tracker()
        seeder, first, second = self.peer("seeder"), self.peer("first", tracker), self.peer("second", tracker)
        path = self.file("data/x", 32 << 20)
        share = seeder.add(path)["id"]
        magnet = seeder.bare_link("x")
        lonely = Proxy(self, seeder.port, rate=4 << 20)
        first.ok("download", magnet, "--peer", lonely.address, "--no-wait")
        first.wait_done(share, 4 << 20)
        seeder.kill()
        for at in range(0, 32 << 20, 32 << 10):
            rot(first.unfinished(), at)
        second.ok("download", "x", "--no-wait")
        row = wait_for(lambda: next((one for one in [first.download_row(share)] if one["phase"] == "failed"), None),
                       "the download fails")
        self.assertIn("damaged", row["reason"])
        again = self.peer("again", tracker, "--share", path)
        first.ok("download", "x")
        self.assertEqual(digest(first.dir / "x"), digest(path))
        self.assertEqual(again.json("status")["shares"][0]["there"], True)

    def test_a_seeder_that_cannot_read_withdraws_and_says_why(self):
        compiler = shutil.which("cc") or shutil.which("clang-19")
        if compiler is None or os.environ.get("SHOAL_SANITIZE"):
            self.skipTest("needs a C compiler, and a program that takes a preloaded library")
        source, library = self.directory / "shim.c", self.directory / "shim.so"
        source.write_text("""
            #include <errno.h>
            #include <sys/sendfile.h>
            ssize_t sendfile(int out, int in, off_t *offset, size_t count) {
              (void)out, (void)in, (void)offset, (void)count;
              errno = EIO;
              return -1;
            }
            """)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
        tracker = self.tracker()
        leecher = self.peer("leecher", tracker)
        self.prefix = ["env", f"LD_PRELOAD={library}"]
        seeder = self.peer("seeder", tracker)
        share = seeder.add(self.file("data/x", 8 << 20))["id"]
        leecher.ok("download", "x", "--no-wait")
        self.assertIn("Input/output error", self.not_there(seeder, "x"))
        self.wait_told(seeder, leecher, share, "does not share it any more: its copy is damaged")


class AddressTest(SwarmTest):
    """The address of one side changes in mid-download, and nobody is told on the old connection."""

    def command(self, *words):
        subprocess.run([str(word) for word in words], check=True, capture_output=True)

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("tc") is None:
            self.skipTest("needs root, ip and tc, for namespaces")
        self.sides = {side: f"shoal-{side}-{os.getpid()}" for side in ("one", "two")}
        for name in self.sides.values():
            self.command("ip", "netns", "add", name)
            self.addCleanup(self.command, "ip", "netns", "del", name)
            self.command("ip", "-n", name, "link", "set", "lo", "up")
        self.command("ip", "link", "add", "v", "netns", self.sides["one"], "type", "veth", "peer", "name", "v", "netns",
                     self.sides["two"])
        for side, last in (("one", 1), ("two", 2)):
            self.address("add", side, last)
            self.command("ip", "-n", self.sides[side], "link", "set", "v", "up")
            self.command("ip", "netns", "exec", self.sides[side], "tc", "qdisc", "add", "dev", "v", "root", "tbf", "rate",
                         "40mbit", "burst", "64k", "latency", "200ms")

    def address(self, what, side, last):
        self.command("ip", "-n", self.sides[side], "address", what, f"10.77.0.{last}/24", "dev", "v")

    def on(self, side):
        self.prefix = ["ip", "netns", "exec", self.sides[side]]

    def goes_on_after_a_change(self, changing):
        """The tracker is at the side that keeps its address."""
        keeping, last = ("two", 2) if changing == "one" else ("one", 1)
        self.on(keeping)
        tracker = self.tracker("--listen", f"10.77.0.{last}:0")
        path = self.file("data/x", 40 << 20)
        self.on("one")
        seeder = self.peer("seeder", tracker, "--listen", ":0", "--share", path)
        self.on("two")
        leecher = self.peer("leecher", tracker, "--listen", ":0")
        share = self.wait_listed(leecher, "x", seeders=1)["id"]
        leecher.ok("download", "x", "--no-wait")
        leecher.wait_done(share, 1 << 20)
        changed = seeder if changing == "one" else leecher
        self.address("del", changing, {"one": 1, "two": 2}[changing])
        wait_for(lambda: not changed.json("status")["trackers"][0]["connected"], "the loss is noticed at once", 5)
        self.address("add", changing, 9)
        wait_for(lambda: changed.json("status")["trackers"][0]["connected"], "the tracker is found again", 10)
        wait_for(lambda: leecher.download_row(share)["phase"] == "complete", "the download goes on to its end")
        self.assertEqual(digest(leecher.dir / "x"), digest(path))

    def test_of_the_downloader(self):
        self.goes_on_after_a_change("two")

    def test_of_the_source(self):
        self.goes_on_after_a_change("one")


class MuteTest(SwarmTest):
    """Nothing gets through any more, and nobody says so."""

    def test_a_tracker_that_cannot_be_reached_is_noticed_within_two_heartbeats(self):
        if os.geteuid() != 0 or shutil.which("nft") is None or shutil.which("ip") is None:
            self.skipTest("needs root, ip and nft, for a firewall in a namespace")
        name = f"shoal-mute-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", name], check=True)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", name], check=True)
        self.prefix = ["ip", "netns", "exec", name]
        subprocess.run([*self.prefix, "ip", "link", "set", "lo", "up"], check=True)
        tracker = self.tracker("--heartbeat", "4000")
        peer = self.peer("peer", tracker)
        wait_for(lambda: peer.json("status")["trackers"][0]["connected"], "the tracker is connected")
        for words in ("add table ip f", "add chain ip f i { type filter hook input priority 0; }",
                      f"add rule ip f i tcp dport {tracker.port} drop", f"add rule ip f i tcp sport {tracker.port} drop"):
            subprocess.run([*self.prefix, "nft", words], check=True)
        wait_for(lambda: not peer.json("status")["trackers"][0]["connected"], "the loss is noticed", 12)

    def test_a_tracker_that_is_stopped_is_said_to_be_away_within_two_heartbeats(self):
        tracker = self.tracker("--heartbeat", "1000")
        peer = self.peer("peer", tracker)
        connected = lambda: peer.json("status")["trackers"][0]["connected"]
        wait_for(connected, "the tracker is connected")
        stop(tracker)
        wait_for(lambda: not connected(), "the silence is noticed", 4)
        self.assertIn("does not answer", peer.run("list").err)
        go_on(tracker)
        wait_for(connected, "the answer is noticed", 4)
        self.assertNotIn("tracker is gone", peer.text())

    def test_a_source_for_which_something_else_acknowledges_is_dialled_anew(self):
        seeder, leecher = self.peer("seeder"), self.peer("leecher")
        path = self.file("data/x", 16 << 20)
        share = seeder.add(path)["id"]
        magnet = seeder.bare_link("x")
        proxy = Proxy(self, seeder.port, rate=2 << 20)
        leecher.ok("download", magnet, "--peer", proxy.address, "--no-wait")
        leecher.wait_done(share, 1 << 20)
        proxy.swallow = True
        wait_for(lambda: proxy.connections >= 2, "a second connection")
        proxy.swallow, proxy.rate = False, None
        leecher.ok("download", magnet)
        self.assertEqual(digest(leecher.dir / "x"), digest(path))
