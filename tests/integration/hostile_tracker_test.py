"""What a hostile tracker does to a peer, and what hostile members do to a tracker: stolen ids, wrong names, bombs,
addresses of strangers and floods of log lines."""
import base64
import hashlib
import os
import pathlib
import socket
import threading
import time
import unittest
import unittest.mock
import zlib

from harness import SwarmTest, wait_for
from tracker_wire import Member, frame, read_exactly, read_message, text


class FakeTracker:
    """Calls `script` with the connection of each peer that joins."""

    def __init__(self, owner, script):
        self.script = script
        self.listener = socket.create_server(("127.0.0.1", 0))
        owner.addCleanup(self.listener.close)
        self.ready = {"listen": [f"127.0.0.1:{self.listener.getsockname()[1]}"]}
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += read_exactly(connection, 1)
            key, = (line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")
                    if line.lower().startswith(b"sec-websocket-key"))
            answer = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               b"Sec-WebSocket-Accept: " + answer + b"\r\n\r\n")
            read_message(connection)
            connection.sendall(text(type="welcome", address="127.0.0.1", reachable=True, heartbeat_ms=5000)
                               + text(type="snapshot", seq=1, peers=[], shares=[]))
            self.script(connection)
        except OSError:
            pass
        finally:
            connection.close()


def packed(document):
    return frame(2, zlib.compress(document, 9))


def memory(process, what):
    for line in pathlib.Path(f"/proc/{process.process.pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) << 10
    raise AssertionError(what)


class HostileTracker(SwarmTest):
    def connected(self, peer):
        return wait_for(lambda: peer.json("status")["trackers"][0]["connected"], "the tracker is connected")

    def test_bomb(self):
        """260 KB that unpack to 255 MiB of numbers cost some memory, and the session."""
        bomb = packed(b'{"type":"welcome","a":[' + b"0," * ((255 << 20) // 2) + b"0]}")
        self.assertLess(len(bomb), 300_000)
        sent = threading.Event()
        go = threading.Event()

        def script(connection):
            go.wait(60)
            connection.sendall(bomb)
            sent.set()
            connection.recv(1 << 20)

        peer = self.peer("victim", FakeTracker(self, script))
        self.connected(peer)
        before = memory(peer, "VmHWM")
        go.set()
        wait_for(lambda: "sent nonsense" in peer.text(), "the bomb is refused")
        sent.wait(10)
        if not os.environ.get("SHOAL_SANITIZE"):
            self.assertLess(memory(peer, "VmHWM") - before, 48 << 20)

    def test_a_million_rows(self):
        rows = ",".join('{"peer":"%s","name":"p","address":"10.0.0.1","port":1}' % os.urandom(20).hex()
                        for _ in range(150_000))
        document = packed(('{"type":"snapshot","seq":2,"peers":[' + rows + '],"shares":[]}').encode())

        def script(connection):
            connection.sendall(document)
            connection.recv(1 << 20)

        peer = self.peer("victim", FakeTracker(self, script))
        wait_for(lambda: "too many items" in peer.text(), "the rows are refused")

    def test_refusals_without_end_write_little(self):
        message = text(type="failure", code="limit", text="x" * 1000) * 50
        stop = threading.Event()
        self.addCleanup(stop.set)
        sent = [0]

        def script(connection):
            while not stop.is_set():
                connection.sendall(message)
                sent[0] += 50

        peer = self.peer("victim", FakeTracker(self, script))
        wait_for(lambda: sent[0] > 2000, "many refusals")
        self.assertLess(os.path.getsize(peer.log_path), 50_000)
        peer.ok("status")

    def test_a_stranger_is_not_dialled_again_and_again(self):
        """A tracker names one address, and then all ports of it, with new peer ids each time."""
        stranger = socket.create_server(("127.0.0.2", 0), backlog=1000)
        self.addCleanup(stranger.close)
        dials = []

        def accept():
            while True:
                try:
                    connection, _ = stranger.accept()
                except OSError:
                    return
                dials.append(time.monotonic())
                connection.close()

        threading.Thread(target=accept, daemon=True).start()
        share = os.urandom(32).hex()
        port = stranger.getsockname()[1]
        named = [0]

        def script(connection):
            while read_message(connection)["type"] != "watch":
                pass
            while True:
                rows = [{"peer": os.urandom(20).hex(), "address": "127.0.0.2", "port": port, "seeder": True}]
                connection.sendall(text(type="swarm", id=share, joined=rows, left=[]))
                named[0] += 1
                time.sleep(0.002)

        peer = self.peer("victim", FakeTracker(self, script))
        waiting = peer.start("download", "magnet:?xt=urn:btmh:1220" + share)
        self.addCleanup(waiting.kill)
        wait_for(lambda: named[0] > 2000, "named often")
        self.assertEqual(len(dials), 1)


class HostileMember(SwarmTest):
    def member(self, tracker, **more):
        member = Member(tracker.port, **more)
        self.addCleanup(member.close)
        return member

    def test_a_stolen_id_ends_no_session(self):
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        seeder.add(self.file("shared", 1000))
        other = self.peer("other", tracker)
        wait_for(lambda: other.json("list"), "the share is listed")
        peer = next(row["peer"] for row in other.json("peers") if row["name"] == "seeder")
        for _ in range(10):
            thief = self.member(tracker, peer=peer)
            self.assertEqual(thief.hear(), {"type": "failure", "code": "conflict", "text": unittest.mock.ANY})
            self.assertEqual(other.json("list")[0]["seeders"], 1)
        self.assertNotIn("tracker is gone", seeder.text())

    def test_the_first_claim_names_no_share(self):
        maker = self.peer("maker")
        source = self.file("honest", 1 << 20)
        share = maker.add(source)["id"]
        maker.kill()
        tracker = self.tracker()
        liar = self.member(tracker)
        liar.say(type="publish", shares=[{"id": share, "name": "virus", "bytes": 1, "files": 1, "have": 1}])
        other = self.peer("other", tracker)
        wait_for(lambda: [row["name"] for row in other.json("list")] == ["virus"], "the lie is listed")
        seeder = self.peer("seeder", tracker)
        seeder.add(source)
        self.assertEqual([row["name"] for row in seeder.json("list")], ["honest"])
        wait_for(lambda: [row["name"] for row in other.json("list")] == ["honest"], "the truth is listed")
        other.ok("download", "honest")

    def test_joins_without_end_write_little(self):
        tracker = self.tracker()
        for _ in range(500):
            member = self.member(tracker, name="x" * 200)
            member.hear()
            member.close()
        self.assertLess(os.path.getsize(tracker.log_path), 100_000)

    def test_a_port_is_dialled_back_once(self):
        stranger = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.addCleanup(stranger.close)
        tracker = self.tracker()
        for _ in range(30):
            member = self.member(tracker, port=stranger.getsockname()[1])
            self.assertEqual(member.hear()["reachable"], True)
            member.close()
        stranger.settimeout(0)
        stranger.accept()[0].close()
        with self.assertRaises(BlockingIOError):
            stranger.accept()


if __name__ == "__main__":
    unittest.main()
