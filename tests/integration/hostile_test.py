"""What a hostile or unlucky neighbour does to a peer: replaced files, silent connections, names that are no text, and
questions whose answers nobody reads."""
import os
import pathlib
import socket
import struct
import subprocess
import time
import unittest

from harness import NODE, SwarmTest, digest
from proxy import Proxy


class Hostile(SwarmTest):
    def half_way(self, name):
        """A slow download of a file of 24 MiB that has begun, with its magnet link."""
        seeder = self.peer("seeder")
        source = self.file(name, 24 << 20)
        row = seeder.add(source)
        magnet = seeder.bare_link(name)
        proxy = Proxy(self, seeder.port, rate=8 << 20)
        peer = self.peer("downloader")
        waiting = peer.start("download", magnet, "--peer", proxy.address)
        self.addCleanup(waiting.kill)
        peer.wait_done(row["id"], 2 << 20)
        return peer, source, waiting, proxy

    def assert_never_wrong(self, peer, source, waiting, proxy):
        """It may fail with a reason or arrive whole; it may not say that something else is complete."""
        proxy.rate = None
        _, text = waiting.communicate(timeout=60)
        arrived = peer.dir / source.name
        whole = arrived.is_file() and not arrived.is_symlink() and digest(arrived) == digest(source)
        self.assertEqual(waiting.returncode == 0, whole, text)
        self.assertIn("big" if whole else "error: ", text)

    def test_part_file_replaced_by_another_file(self):
        peer, source, waiting, proxy = self.half_way("big")
        part = peer.unfinished()
        part.unlink()
        part.write_bytes(b"of somebody else")
        self.assert_never_wrong(peer, source, waiting, proxy)

    def test_part_file_replaced_by_a_symlink(self):
        peer, source, waiting, proxy = self.half_way("big")
        victim = self.file("victim", 1000)
        before = digest(victim)
        part = peer.unfinished()
        part.unlink()
        part.symlink_to(victim)
        self.assert_never_wrong(peer, source, waiting, proxy)
        self.assertEqual(digest(victim), before)

    def test_part_file_truncated(self):
        peer, source, waiting, proxy = self.half_way("big")
        os.truncate(peer.unfinished(), 0)
        self.assert_never_wrong(peer, source, waiting, proxy)

    def test_operand_that_is_not_text(self):
        peer = self.peer("one")
        path = os.fsencode(self.directory) + b"/name\xff"
        with open(path, "wb") as out:
            out.write(b"x")
        for word, what in ((b"add", path), (b"list", b"\xff*"), (b"download", b"\xff")):
            done = subprocess.run([NODE.encode(), word, what, b"--state", os.fsencode(peer.state)],
                                  capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(b"UTF-8", done.stderr)

    def test_silent_connections_do_not_keep_others_out(self):
        tracker = self.tracker()
        silent = []
        for _ in range(300):
            one = socket.create_connection(("127.0.0.1", tracker.port))
            self.addCleanup(one.close)
            silent.append(one)
        begun = time.monotonic()
        self.wait_peers(self.peer("late", tracker), 1)
        self.assertLess(time.monotonic() - begun, 5)

    def test_questions_whose_answers_nobody_reads(self):
        seeder = self.peer("seeder")
        folder = seeder.dir / "folder"
        folder.mkdir()
        for number in range(400):
            (folder / f"a name that makes the info dictionary long {number:04}").write_bytes(b"x")
        share = bytes.fromhex(seeder.add(folder)["id"])[:20]
        before = peak_memory(seeder)
        asking = socket.create_connection(("127.0.0.1", seeder.port))
        self.addCleanup(asking.close)
        asking.sendall(b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04" + share + b"-XX0001-hostile test")
        asking.sendall(extended(0, b"d1:md11:ut_metadatai3eee"))
        # BEP 9: the first piece of the info dictionary, 16 KiB, again and again. The session ends, or is not read.
        asking.settimeout(5)
        question = extended(1, b"d8:msg_typei0e5:piecei0ee") * 100
        with self.assertRaises(OSError):
            for _ in range(10_000):
                asking.sendall(question)
        # Sanitizers keep what is freed.
        if not os.environ.get("SHOAL_SANITIZE"):
            self.assertLess(peak_memory(seeder) - before, 16 << 20)


def extended(identifier, payload):
    """A message of BEP 10."""
    return struct.pack(">IBB", 2 + len(payload), 20, identifier) + payload


def peak_memory(peer):
    for line in pathlib.Path(f"/proc/{peer.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no VmHWM")


if __name__ == "__main__":
    unittest.main()
