"""Private swarms: who has the key, who has none, who has another, keys that rotate, and what somebody on the line sees."""
import base64
import os
import shutil
import socket
import struct
import subprocess
import unittest

from harness import NODE, SwarmTest, digest, wait_for
from proxy import Proxy


def node(*words, **more):
    return subprocess.run([NODE, *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)


class Private(SwarmTest):
    def private_swarm(self, *keys):
        """A tracker and a seeder with these key files, and the row of what is shared."""
        options = [word for key in keys for word in ("--key", key)]
        tracker = self.tracker(*options)
        seeder = self.peer("seeder", tracker, *options)
        source = self.file("secret-name.bin", 3 << 20)
        return tracker, seeder, source, seeder.add(source)

    def alone(self, *words):
        """A command that acts alone, with a state directory of its own."""
        state = self.directory / "alone.state"
        done = node(*words, "--state", state, cwd=self.directory, timeout=60)
        shutil.rmtree(state, ignore_errors=True)
        return done

    def test_who_has_the_key_lists_downloads_and_serves(self):
        key = self.key("swarm.key")
        tracker, seeder, source, row = self.private_swarm(key)
        peer = self.peer("downloader", tracker, "--key", key)
        self.wait_listed(peer, source.name, seeders=1)
        peer.ok("download", source.name)
        self.assertEqual(digest(peer.dir / source.name), digest(source))
        self.wait_listed(seeder, source.name, seeders=2)
        where = tracker.ready["listen"][0]
        target = self.directory / "to"
        done = self.alone("download", source.name, "--tracker", where, "--key", key, "--dir", target)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(digest(target / source.name), digest(source))
        self.assertIn("this swarm is private", tracker.text())

    def test_an_open_swarm_says_so_once(self):
        tracker = self.tracker()
        peer = self.peer("peer", tracker)
        self.wait_peers(peer, 1)
        for one in (tracker, peer):
            self.assertEqual(one.text().count("this swarm is open"), 1)

    def test_without_the_key_there_is_nothing(self):
        key = self.key("swarm.key")
        tracker, seeder, source, row = self.private_swarm(key)
        where = tracker.ready["listen"][0]
        for words in (["list"], ["peers"], ["keys"], ["download", source.name], ["download", row["id"]]):
            done = self.alone(*words, "--tracker", where)
            self.assertEqual(done.returncode, 6, (words, done.stderr))
            self.assertIn(where, done.stderr)
            self.assertIn("private", done.stderr)
            self.assertIn("--key", done.stderr)
            self.assertNotIn(source.name, done.stdout)
        link = seeder.bare_link(source.name)
        stranger = self.peer("stranger")
        waiting = stranger.start("download", link, "--peer", f"127.0.0.1:{seeder.port}")
        self.addCleanup(waiting.kill)
        wait_for(lambda: "private" in (stranger.download_row(row["id"]) or {"reason": ""})["reason"],
                 "the reason says that the swarm is private")
        self.assertEqual(stranger.download_row(row["id"])["done"], 0)
        waiting.terminate()
        waiting.communicate()

    def test_of_several_keys_the_one_that_the_swarm_accepts_is_used(self):
        key, other = self.key("swarm.key"), self.key("other.key")
        tracker, seeder, source, _ = self.private_swarm(key)
        peer = self.peer("peer", tracker, "--key", other, "--key", key)
        self.wait_peers(peer, 2)
        peer.ok("download", source.name)
        self.assertEqual([row["use"] for row in peer.json("keys")], ["offered", "accepted"])

    def test_a_key_that_differs_by_a_bit_is_another_key(self):
        secret = bytearray(os.urandom(32))
        key = self.key("swarm.key", secret)
        tracker, _, source, row = self.private_swarm(key)
        secret[31] ^= 1
        other = self.key("other.key", secret)
        for words in (["list"], ["download", row["id"]]):
            done = self.alone(*words, "--tracker", tracker.ready["listen"][0], "--key", other)
            self.assertEqual(done.returncode, 6, done.stderr)
            self.assertIn("key", done.stderr)
            self.assertNotIn(source.name, done.stdout + done.stderr)
        self.assertIn("without the key of this swarm is refused", tracker.text())

    def test_a_key_for_an_open_swarm_is_told(self):
        tracker = self.tracker()
        done = self.alone("list", "--tracker", tracker.ready["listen"][0], "--key", self.key("swarm.key"))
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("leave out --key", done.stderr)

    def test_a_listener_on_the_line_learns_nothing(self):
        key = self.key("swarm.key")
        tracker, seeder, source, row = self.private_swarm(key)
        to_tracker, to_seeder = Proxy(self, tracker.port), Proxy(self, seeder.port)
        to_tracker.heard, to_seeder.heard = bytearray(), bytearray()
        peer = self.peer("telltale", None, "--tracker", to_tracker.address, "--key", key)
        self.wait_listed(peer, source.name)
        other = self.peer("other", None, "--key", key)
        other.ok("download", seeder.bare_link(source.name), "--peer", to_seeder.address)
        self.assertEqual(digest(other.dir / source.name), digest(source))
        content = source.read_bytes()
        secrets = [source.name.encode(), b"telltale", b"shoal", b"BitTorrent", bytes.fromhex(row["id"])[:20],
                   row["id"].encode()] + [content[at:at + 16] for at in range(0, len(content), 64 << 10)]
        self.assertGreater(len(to_tracker.heard), 500)
        self.assertGreater(len(to_seeder.heard), len(content))
        for heard in (to_tracker.heard, to_seeder.heard):
            for secret in secrets:
                self.assertNotIn(secret, heard)

    def test_keys_rotate_while_everything_runs(self):
        old, new = self.key("old.key"), self.key("new.key")
        swarm = self.key("swarm.key", base64.b64decode(old.read_text().split()[1]))
        tracker, seeder, source, _ = self.private_swarm(swarm)
        peer = self.peer("late", tracker, "--key", old)
        self.wait_peers(peer, 2)
        old_id = peer.json("keys")[0]["key"]
        # Both are accepted, the new one is offered.
        swarm.write_text(new.read_text() + old.read_text())
        wait_for(lambda: len(seeder.json("keys")) == 2, "the seeder has read the file")
        rows = seeder.json("keys")
        self.assertEqual([row["use"] for row in rows], ["offered", "accepted"])
        self.assertEqual([row["key"] == old_id for row in rows], [False, True])
        self.assertIn("late", rows[1]["peers"])
        wait_for(lambda: "the keys of this swarm changed" in tracker.text(), "the tracker has read the file")
        first = self.peer("first", tracker, "--key", new)
        self.wait_peers(first, 3)
        peer.ok("download", source.name)
        # The old one goes; whoever has only that is out.
        swarm.write_text(new.read_text())
        wait_for(lambda: len(first.json("peers")) == 2, "the peer with the old key is gone")
        wait_for(lambda: "key" in peer.run("list").err, "it says that its key is not accepted")
        first.ok("download", source.name)

    def test_nobody_shows_under_the_old_key_when_each_machine_offers_the_new_one(self):
        """What somebody who changes the key waits for before the old one goes, word for word as in the README."""
        swarm, new = self.key("swarm.key"), self.key("new.key")
        tracker, seeder, source, _ = self.private_swarm(swarm)
        other = self.peer("other", tracker, "--key", swarm)
        self.wait_peers(other, 2)
        swarm.write_text(swarm.read_text() + new.read_text())
        for one in (tracker, seeder, other):
            wait_for(lambda: "the keys of this swarm changed keys=2" in one.text(), "each has read the file")
        before = seeder.json("keys")
        self.assertEqual([sorted(row["peers"]) for row in before], [["other", "seeder"], []])
        swarm.write_text("".join(reversed(swarm.read_text().splitlines(keepends=True))))
        wait_for(lambda: [(row["key"], sorted(row["peers"])) for row in seeder.json("keys")] ==
                 [(before[1]["key"], ["other", "seeder"]), (before[0]["key"], [])], "nobody uses the old key any more")
        other.ok("download", source.name)

    def test_a_key_file_that_breaks_leaves_the_keys_as_they_are(self):
        key = self.key("swarm.key")
        tracker, seeder, source, _ = self.private_swarm(key)
        text = key.read_text()
        key.write_text("nonsense\n")
        wait_for(lambda: "the keys stay as they are" in tracker.text(), "the tracker has seen it")
        done = self.alone("list", "--tracker", tracker.ready["listen"][0], "--key", self.key("copy.key",
                          base64.b64decode(text.split()[1])))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(source.name, done.stdout)
        self.assertNotIn(text.split()[1], tracker.text())

    def test_a_key_file_that_others_can_read_is_refused(self):
        key = self.key("swarm.key")
        key.chmod(0o644)
        for words in (["tracker", "--listen", "127.0.0.1:0"], ["peer", "--no-console", "--listen", "127.0.0.1:0",
                                                               "--state", self.directory / "s"]):
            done = node(*words, "--key", key, timeout=30)
            self.assertEqual(done.returncode, 6, done.stderr)
            self.assertIn(str(key), done.stderr)
            self.assertIn("chmod 600", done.stderr)

    def test_a_key_in_place_of_a_file_is_not_repeated(self):
        secret = "shoal-swarm-key-1 " + base64.b64encode(os.urandom(32)).decode()
        for more in ({"env": {**os.environ, "SHOAL_KEY": secret}}, {}):
            words = ["tracker", "--listen", "127.0.0.1:0"] + ([] if more else ["--key", secret])
            done = node(*words, timeout=30, **more)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("file", done.stderr)
            self.assertNotIn(secret.split()[1], done.stdout + done.stderr)

    def test_a_foreign_client_is_refused_and_learns_nothing(self):
        key = self.key("swarm.key")
        tracker, seeder, source, row = self.private_swarm(key)
        hello = b"\x13BitTorrent protocol" + bytes([0, 0, 0, 0, 0, 0x10, 0, 0x14]) + bytes.fromhex(row["id"])[:20]
        with socket.create_connection(("127.0.0.1", seeder.port), timeout=30) as one:
            one.sendall(hello + b"-XX0000-" + os.urandom(12))
            extended = b"\x14\x00d1:md5:shoali7eee"
            one.sendall(struct.pack(">I", len(extended)) + extended)
            heard = bytearray()
            while data := one.recv(4096):
                heard += data
        # The echo of what it said itself, and the reason.
        self.assertIn(b"permission", heard)
        self.assertNotIn(b"-SH", heard)
        self.assertNotIn(source.name.encode(), heard)
        self.assertLess(len(heard), 200)
        with socket.create_connection(("127.0.0.1", tracker.port), timeout=30) as one:
            one.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while data := one.recv(4096):
                answer += data
        self.assertTrue(answer.startswith(b"HTTP/1.1 403"), answer)
        self.assertIn(b"private", answer)
        self.assertNotIn(b"shoal", answer)


if __name__ == "__main__":
    unittest.main()
