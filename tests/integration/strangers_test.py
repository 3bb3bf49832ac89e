"""Peers made by hand that lie about who they are, make work, and take places: nobody else is to notice."""
import os
import socket
import threading
import time
import unittest

from harness import SwarmTest, wait_for
from wire import (BITFIELD, BLOCK, CANCEL, CHOKE, HASHES, HASH_REJECT, HAVE, HAVE_ALL, HAVE_NONE, INTERESTED,
                  NOT_INTERESTED, PIECE, REJECT, REQUEST, SHOAL, UNCHOKE, UT_METADATA, Connection, Seeder, Torrent,
                  bencode, extended, hash_request, hello, message, random_id)

MB = 1 << 20


def cpu_seconds(peer):
    fields = open(f"/proc/{peer.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Strangers(SwarmTest):
    def seeder(self, torrent, **options):
        one = Seeder(torrent, **options)
        self.addCleanup(one.close)
        return one

    def connect(self, node, share, **options):
        one = Connection(node.port, share, **options)
        self.addCleanup(one.close)
        return one

    def begin(self, torrent, *sources):
        """A download that has begun."""
        peer = self.peer("downloader")
        words = [word for one in sources for word in ("--peer", one.address)]
        waiting = peer.start("download", torrent.magnet, *words)
        self.addCleanup(waiting.kill)
        peer.wait_done(torrent.id.hex(), MB)
        return peer, waiting

    def assert_arrives(self, peer, waiting, torrent, seconds=40):
        _, text = waiting.communicate(timeout=seconds)
        self.assertEqual(waiting.returncode, 0, text)
        self.assertEqual((peer.dir / "big").read_bytes(), torrent.data)

    def hosted(self, torrent, name="host"):
        """A node that shares the torrent."""
        peer = self.peer(name)
        (peer.dir / "big").write_bytes(torrent.data)
        path = self.directory / "big.torrent"
        path.write_bytes(torrent.torrent())
        peer.ok("download", path)
        return peer, path


class Identity(Strangers):
    def test_silent_connection_with_the_id_of_the_seeder(self):
        self.silence_beside(b"\x00" * 20)

    def test_silent_connection_with_the_greater_id_of_the_seeder(self):
        self.silence_beside(b"\xff" * 20)

    def silence_beside(self, identity):
        torrent = Torrent("big", 12 * MB, 64 << 10)
        seeder = self.seeder(torrent, rate=4 * MB, peer=identity)
        peer, waiting = self.begin(torrent, seeder)
        impostor = self.connect(peer, torrent.id, peer=seeder.peer)
        impostor.send(hello(metadata_size=len(torrent.info)) + message(HAVE_NONE))
        self.assert_arrives(peer, waiting, torrent)
        self.assertEqual(seeder.connections, 1)

    def test_liar_with_the_id_of_the_seeder(self):
        torrent = Torrent("big", 24 * MB, 64 << 10)
        seeder = self.seeder(torrent, rate=4 * MB)
        peer, waiting = self.begin(torrent, seeder)
        liar = self.seeder(torrent, peer=seeder.peer, spoil=lambda data: bytes(len(data)))
        for _ in range(5):
            try:
                liar.call(peer.port)
            except OSError:
                pass
        self.assert_arrives(peer, waiting, torrent)
        self.assertEqual(seeder.connections, 1)

    def test_impostor_that_comes_first(self):
        torrent = Torrent("big", 4 * MB, 64 << 10)
        seeder = self.seeder(torrent)
        peer = self.peer("downloader")
        waiting = peer.start("download", torrent.magnet)
        self.addCleanup(waiting.kill)
        wait_for(lambda: peer.download_row(torrent.id.hex()), "the download begins")
        impostor = self.connect(peer, torrent.id, peer=seeder.peer)
        impostor.send(hello() + message(HAVE_NONE))
        peer.start("download", torrent.magnet, "--peer", seeder.address).communicate(timeout=40)
        self.assert_arrives(peer, waiting, torrent)


class Cost(Strangers):
    def test_pieces_said_twice_end_the_session(self):
        torrent = Torrent("big", MB, 64 << 10)
        peer, _ = self.hosted(torrent)
        bits = message(BITFIELD, payload=b"\x00\x00")
        for pieces in (message(HAVE_NONE) * 2, bits * 2, message(HAVE_NONE) + bits, message(HAVE, 1) + message(HAVE_ALL)):
            one = self.connect(peer, torrent.id)
            one.send(hello() + pieces)
            self.assertTrue(one.ended(10), pieces)

    def test_messages_that_break_the_protocol_end_the_session(self):
        torrent = Torrent("big", MB, 64 << 10)
        peer, _ = self.hosted(torrent)
        bad = {
            "a have of no piece": message(HAVE, torrent.pieces),
            "a bitfield of the wrong length": message(BITFIELD, payload=b"\0"),
            "a bitfield with spare bits": message(BITFIELD, payload=b"\0\0\0"),
            "a request outside the share": message(REQUEST, torrent.pieces, 0, BLOCK),
            "a request across the end of a piece": message(REQUEST, 0, 64 << 10, BLOCK),
            "a request that is too large": message(REQUEST, 0, 0, 2 * MB),
            "a piece that nobody asked for": message(PIECE, 0, 0, payload=bytes(BLOCK)),
            "a piece without payload": message(PIECE, 0, 0),
            "a choke with payload": message(CHOKE, payload=b"x"),
            "a frame of 4 GiB": b"\xff\xff\xff\xff\x04",
            "hashes that are no digests": message(HASHES, payload=bytes(49)),
            "hints that are no dictionary": extended(SHOAL, b"i5e"),
        }
        for name, what in bad.items():
            with self.subTest(name):
                one = self.connect(peer, torrent.id)
                one.send(hello() + what)
                self.assertTrue(one.ended(10))

    def test_what_nobody_asked_for_is_ignored(self):
        torrent = Torrent("big", MB, 64 << 10)
        peer, _ = self.hosted(torrent)
        one = self.connect(peer, torrent.id)
        digests = torrent.root + bytes(16) + bytes(64)
        one.send(hello() + message(HAVE_NONE) + message(HASHES, payload=digests) + message(REJECT, 0, 0, BLOCK) +
                 message(CANCEL, 0, 0, BLOCK) + message(HASH_REJECT, payload=digests[:48]) + message(99) + bytes(4) +
                 extended(UT_METADATA, bencode({"msg_type": 1, "piece": 0, "total_size": 5}) + b"hello") +
                 extended(0, b"not a dictionary") + extended(77, b"x") + hash_request(bytes(32), 0, 0, 2, 1))
        # What it says last is answered, so the session goes on.
        while one.receive()[0] != HASH_REJECT:
            pass

    def flood(self, peer, torrent, what, sessions=4):
        """Sessions that say `what` again and again for four seconds; what the node spent on them, in seconds."""
        end = time.monotonic() + 4

        def run():
            while time.monotonic() < end:
                try:
                    one = Connection(peer.port, torrent.id, timeout=1)
                    one.send(hello() + message(HAVE_NONE))
                    threading.Thread(target=one.ended, args=(5,), daemon=True).start()
                    while time.monotonic() < end:
                        one.send(what)
                except TimeoutError:
                    pass
                except OSError:
                    time.sleep(0.05)

        before = cpu_seconds(peer)
        threads = [threading.Thread(target=run) for _ in range(sessions)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return cpu_seconds(peer) - before

    def test_floods_cost_little(self):
        if os.environ.get("SHOAL_SANITIZE"):
            self.skipTest("sanitizers cost more than what is measured")
        torrent = Torrent("big", 32 * MB, 16 << 10)
        peer, _ = self.hosted(torrent)
        floods = {
            "extension handshakes": extended(0, b"de") * 2000,
            "other handshakes": b"".join(hello(v=str(k)) for k in range(200)),
            "interest": (message(INTERESTED) + message(NOT_INTERESTED)) * 3000,
            "chokes": (message(UNCHOKE) + message(CHOKE)) * 3000,
            "stale haves": message(HAVE, 3) * 5000,
            "refused requests": message(REQUEST, 1, 0, 16384) * 2000,
            "cancels": message(CANCEL, 1, 0, 16384) * 2000,
            "unknown roots": hash_request(bytes(32), 0, 0, 512, 9) * 500,
            "piece layer": hash_request(torrent.root, 0, 0, 2, 10) * 500,
        }
        for name, what in floods.items():
            with self.subTest(name):
                # 2 % of 4 s, what was saved up, and what reading and connecting takes.
                self.assertLess(self.flood(peer, torrent, what), 0.8)

    def test_what_a_source_that_floods_owes_comes_from_others(self):
        torrent = Torrent("big", 8 * MB, 64 << 10)
        honest = self.seeder(torrent, rate=8 * MB)

        class Flooding(Seeder):
            def _answer(self, connection, piece, begin, length):
                if self.requests == 0:
                    # More work than the budget of minutes.
                    connection.send((message(CHOKE) + message(UNCHOKE)) * 500_000)
                super()._answer(connection, piece, begin, length)

        flooding = Flooding(torrent)
        self.addCleanup(flooding.close)
        peer = self.peer("downloader")
        waiting = peer.start("download", torrent.magnet, "--peer", honest.address, "--peer", flooding.address)
        self.addCleanup(waiting.kill)
        self.assert_arrives(peer, waiting, torrent)

    def test_requests_of_one_byte_cost_little(self):
        if os.environ.get("SHOAL_SANITIZE"):
            self.skipTest("sanitizers cost more than what is measured")
        torrent = Torrent("big", MB + 1, 64 << 10)
        peer, _ = self.hosted(torrent)
        what = message(INTERESTED) + message(REQUEST, torrent.pieces - 1, 0, 1) * 1000
        self.assertLess(self.flood(peer, torrent, what, 1), 0.4)

    def test_leaf_hashes_for_strangers_cost_little(self):
        if os.environ.get("SHOAL_SANITIZE"):
            self.skipTest("sanitizers cost more than what is measured")
        torrent = Torrent("big", 64 * MB, 4 << 20)
        peer, _ = self.hosted(torrent)
        what = b"".join(hash_request(torrent.root, 0, 256 * piece, 256, 11) for piece in range(torrent.pieces)) * 20
        self.assertLess(self.flood(peer, torrent, what, 8), 1.2)

    def test_leaf_hashes_that_wait_for_credit_hold_no_payload_up(self):
        torrent = Torrent("big", 64 * MB, 4 << 20)
        peer, _ = self.hosted(torrent)
        one = self.connect(peer, torrent.id)
        one.send(hello() + message(HAVE_NONE) + message(INTERESTED))
        while one.receive()[0] != UNCHOKE:
            pass
        questions = 4 * torrent.pieces
        one.send(b"".join(hash_request(torrent.root, 0, 256 * (number % torrent.pieces), 256, 11)
                          for number in range(questions)) + message(REQUEST, 0, 0, BLOCK))
        answers = []
        while PIECE not in answers:
            answers.append(one.receive()[0])
        self.assertLess(answers.count(HASHES), questions)

    def test_sessions_that_come_and_go_cost_little(self):
        if os.environ.get("SHOAL_SANITIZE"):
            self.skipTest("sanitizers cost more than what is measured")
        torrent = Torrent("big", 4 * MB, 64 << 10)
        peer, path = self.hosted(torrent)
        for number in range(1024):
            Connection(peer.port, torrent.id, address="127.0.0.77").close()
        end = time.monotonic() + 3

        def come_and_go():
            while time.monotonic() < end:
                try:
                    Connection(peer.port, torrent.id, address="127.0.0.77", timeout=2).close()
                except OSError:
                    pass

        before = cpu_seconds(peer)
        threads = [threading.Thread(target=come_and_go) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        # 50 connections a second are served, and the others wait.
        self.assertLess(cpu_seconds(peer) - before, 0.2)
        # Another address is served as ever.
        late = self.peer("late")
        late.ok("download", path, "--peer", f"127.0.0.1:{peer.port}")

    def test_same_leaves_again(self):
        torrent = Torrent("big", 8 * MB, 1 << 20)
        peer, _ = self.hosted(torrent)
        one = self.connect(peer, torrent.id)
        one.send(hello() + message(HAVE_NONE))
        for _ in range(20):
            one.send(hash_request(torrent.root, 0, 64, 64, 8))
        answers = []
        while len(answers) < 20:
            number, content = one.receive()
            if number in (HASHES, HASH_REJECT):
                self.assertEqual(number, HASHES)
                answers.append(content[48:])
        self.assertEqual(set(answers), {torrent.hashes(0, 64, 64, 8)})


class Repeating(Seeder):
    """Sends each block twice, which nobody asked for."""

    def _answer(self, connection, piece, begin, length):
        super()._answer(connection, piece, begin, length)
        super()._answer(connection, piece, begin, length)


class Dripping(Seeder):
    """Begins each answer, and then sends a byte a second."""

    def _answer(self, connection, piece, begin, length):
        self.requests += 1
        at = piece * self.torrent.piece + begin
        whole = message(PIECE, piece, begin, payload=self.torrent.data[at:at + length])
        connection.send(whole[:14])
        for place in range(14, len(whole)):
            time.sleep(1)
            connection.send(whole[place:place + 1])


class Places(Strangers):
    def test_a_crowd_of_sources_that_drip_holds_nobody_up(self):
        torrent = Torrent("big", 8 * MB, 64 << 10)
        peer = self.peer("downloader")
        waiting = peer.start("download", torrent.magnet)
        self.addCleanup(waiting.kill)
        wait_for(lambda: peer.download_row(torrent.id.hex()), "the download begins")
        dripping = Dripping(torrent)
        self.addCleanup(dripping.close)
        for _ in range(250):
            dripping.peer = random_id()
            dripping.call(peer.port)
        wait_for(lambda: dripping.requests >= 100, "many sources were asked")
        honest = self.seeder(torrent, rate=8 * MB)
        more = peer.start("download", torrent.magnet, "--peer", honest.address)
        self.addCleanup(more.kill)
        self.assert_arrives(peer, waiting, torrent)

    def test_a_source_that_breaks_the_protocol_is_left_alone(self):
        torrent = Torrent("big", 12 * MB, 64 << 10)
        breaking = Repeating(torrent)
        self.addCleanup(breaking.close)
        honest = self.seeder(torrent, rate=4 * MB)
        peer = self.peer("downloader")
        waiting = peer.start("download", torrent.magnet, "--peer", honest.address, "--peer", breaking.address)
        self.addCleanup(waiting.kill)
        self.assert_arrives(peer, waiting, torrent)
        self.assertLessEqual(breaking.connections, 2)

    def test_idle_sessions_of_one_address_do_not_keep_others_out(self):
        torrent = Torrent("big", 4 * MB, 64 << 10)
        peer, path = self.hosted(torrent)
        for number in range(400):
            self.connect(peer, torrent.id).send(hello() + message(HAVE_NONE))
        late = self.peer("late")
        begun = time.monotonic()
        late.ok("download", path, "--peer", f"127.0.0.1:{peer.port}")
        self.assertLess(time.monotonic() - begun, 15)

    def test_connections_that_do_not_greet_do_not_keep_others_out(self):
        torrent = Torrent("big", 4 * MB, 64 << 10)
        peer, path = self.hosted(torrent)
        for number in range(600):
            one = socket.create_connection(("127.0.0.1", peer.port))
            self.addCleanup(one.close)
            if number % 2:
                one.sendall(b"\x13")
        late = self.peer("late")
        begun = time.monotonic()
        late.ok("download", path, "--peer", f"127.0.0.1:{peer.port}")
        self.assertLess(time.monotonic() - begun, 15)


if __name__ == "__main__":
    unittest.main()
