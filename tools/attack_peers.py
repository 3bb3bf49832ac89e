"""The attacks of tools/attack between peers: each a function that attacks a Target until its time is over."""
import hashlib
import os
import pathlib
import random
import socket
import struct
import sys
import threading
import time

from attack_base import Victim, Witness, crowd, hold, keeper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "integration"))
from wire import (ALLOWED_FAST, BITFIELD, BLOCK, CANCEL, CHOKE, HAVE, HAVE_ALL, HAVE_NONE, INTERESTED,  # noqa: E402
                  NOT_INTERESTED, PIECE, REJECT, REQUEST, SHOAL, SUGGEST, UNCHOKE, UT_METADATA, Connection, bdecode,
                  bencode, extended, greeting, hash_request, hello, message, random_id)

REQUEST_BYTES = 1 << 20


class Target(Victim):
    """The node, what is known of the share, and how long an attack lasts."""

    def __init__(self, options):
        super().__init__(options)
        self.rate = options.rate * 1e6
        self.root, self.pieces, self.piece, self.length = bytes(32), 1, BLOCK, 0
        if options.torrent:
            self._read(pathlib.Path(options.torrent).read_bytes())
        else:
            self.share = bytes.fromhex(options.share)

    def _read(self, data):
        outer, _ = bdecode(data)
        info = outer[b"info"]
        self.share = hashlib.sha256(bencode(info)).digest()
        self.piece = info[b"piece length"]
        files = list(self._files(info[b"file tree"]))
        self.pieces = sum(-(-length // self.piece) for length, _ in files)
        # The largest file: its pieces are what the honest peer asks for.
        first = 0
        best = (0, 0, bytes(32))
        for length, root in files:
            best = max(best, (length, first, root))
            first += -(-length // self.piece)
        self.length, self.first, self.root = best

    def _files(self, tree):
        for name in sorted(tree):
            row = tree[name]
            if b"" in row:
                yield row[b""].get(b"length", 0), row[b""].get(b"pieces root", bytes(32))
            else:
                yield from self._files(row)

    def connect(self, number=0, **options):
        address = self.addresses[number % len(self.addresses)]
        return Connection(self.port, self.share, host=self.host, address=address, **options)


class Honest(Witness):
    """Downloads pieces of the share in order, again and again, at a rate."""

    unit, scale = "MB/s", 1e6

    def _ranges(self):
        t = self.target
        while True:
            for piece in range(-(-t.length // t.piece)):
                size = min(t.piece, t.length - piece * t.piece)
                for begin in range(0, size, REQUEST_BYTES):
                    yield t.first + piece, begin, min(REQUEST_BYTES, size - begin)

    def _run(self):
        while True:
            try:
                self._download(self.target.connect(timeout=5))
            except OSError:
                time.sleep(0.1)

    def _download(self, one):
        ranges, waiting, serves = self._ranges(), {}, False
        one.send(hello() + message(HAVE_NONE) + message(INTERESTED))
        due = time.monotonic()
        while True:
            while serves and len(waiting) < 4:
                asked = next(ranges)
                waiting[asked[:2]] = asked
                one.send(message(REQUEST, *asked))
            time.sleep(max(0.0, due - time.monotonic()))
            number, content = one.receive()
            if number == UNCHOKE:
                serves = True
            elif number == CHOKE:
                serves = False
            elif number == PIECE:
                waiting.pop(struct.unpack(">2I", content[:8]), None)
                with self.count.get_lock():
                    self.count.value += len(content) - 8
                # What is lost by a late answer is made up for half a second.
                due = max(due, time.monotonic() - 0.5) + (len(content) - 8) / self.target.rate
            elif number == REJECT:
                waiting.pop(struct.unpack(">2I", content[:8]), None)


ATTACKS = {}
attack = keeper(ATTACKS)


def repeat(target, what, sessions=4, first=b"", reads=True):
    """Sessions that say `what` without end."""
    def run(number):
        one = target.connect(number, timeout=5, receive_buffer=None if reads else 4096)
        try:
            one.send(hello() + message(HAVE_NONE) + first)
            if reads:
                threading.Thread(target=one.ended, args=(target.seconds + 5,), daemon=True).start()
            while target.goes_on():
                one.send(what)
        finally:
            one.close()
    crowd(target, sessions, run)


@attack("bitfields that are right, again and again")
def bitfields(target):
    bits = bytearray(-(-target.pieces // 8))
    repeat(target, message(BITFIELD, payload=bytes(bits)) * max(1, 60000 // len(bits)))


@attack("have-all and have-none in turns")
def have_all_none(target):
    repeat(target, (message(HAVE_NONE) + message(HAVE_ALL)) * 3000)


@attack("empty extension handshakes")
def handshakes(target):
    repeat(target, extended(0, b"de") * 4000)


@attack("extension handshakes that each say something else")
def other_handshakes(target):
    repeat(target, b"".join(hello(v=str(number)) for number in range(500)))


@attack("extension handshakes of many small values, and deep ones")
def large_handshakes(target):
    repeat(target, extended(0, b"d1:ml" + b"0:" * 8000 + b"ee") * 4 + extended(0, b"l" * 8000) * 4)


@attack("interested and not interested in turns")
def interest(target):
    repeat(target, (message(INTERESTED) + message(NOT_INTERESTED)) * 5000)


@attack("choke and unchoke in turns")
def chokes(target):
    repeat(target, (message(CHOKE) + message(UNCHOKE)) * 5000)


@attack("haves of one piece")
def haves(target):
    repeat(target, message(HAVE, 0) * 7000)


@attack("keep-alives, unknown messages and proposals")
def chatter(target):
    repeat(target, bytes(4) * 4000 + message(99, payload=b"x" * 7) * 2000 + message(SUGGEST, 1) * 1000 +
           message(ALLOWED_FAST, 1) * 1000)


@attack("messages a byte at a time")
def segments(target):
    def run(number):
        one = target.connect(number, timeout=5)
        one.send(hello() + message(HAVE_NONE))
        while target.goes_on():
            for _ in range(100):
                one.send(b"\0")
        one.close()
    crowd(target, 4, run)


@attack("messages a byte at a time, of a peer that has overspent")
def segments_unread(target):
    def run(number):
        one = target.connect(number, timeout=5)
        one.send(hello() + message(HAVE_NONE))
        while target.goes_on():
            one.send(bytes(80_000))
            for _ in range(20_000):
                one.send(b"\0")
        one.close()
    crowd(target, 4, run)


@attack("requests of a choked peer that reads no answer")
def requests_unread(target):
    repeat(target, b"".join(message(REQUEST, number % target.pieces, 0, BLOCK) for number in range(2000)), reads=False)


@attack("cancels of what was never asked for")
def cancels(target):
    repeat(target, message(CANCEL, 0, 0, BLOCK) * 3000)


@attack("hints that nobody asked for")
def hints(target):
    packed = b"".join(struct.pack(">I", number) for number in range(2000))
    repeat(target, extended(SHOAL, bencode({"taken": packed, "returned": packed})) * 8)


@attack("metadata, again and again")
def metadata(target):
    repeat(target, extended(UT_METADATA, bencode({"msg_type": 0, "piece": 0})) * 500)


@attack("metadata that is not read")
def metadata_unread(target):
    repeat(target, extended(UT_METADATA, bencode({"msg_type": 0, "piece": 0})) * 500, reads=False)


def leaf_questions(target):
    per = target.piece // BLOCK
    count = min(per, 512)
    width = 1 << (max(-(-target.length // BLOCK), 2) - 1).bit_length()
    order = random.sample(range(max(1, target.length // target.piece)), min(200, max(1, target.length // target.piece)))
    return b"".join(hash_request(target.root, 0, piece * per, count, width.bit_length() - 2) for piece in order)


@attack("leaf hashes of all pieces, asked for by choked peers")
def leaves(target):
    repeat(target, leaf_questions(target), sessions=32)


@attack("hashes of the piece layer with their proofs")
def layers(target):
    height = (target.piece // BLOCK).bit_length() - 1
    width = 1 << (max(-(-target.length // target.piece), 2) - 1).bit_length()
    repeat(target, hash_request(target.root, height, 0, 2, width.bit_length() - 2) * 500)


@attack("hashes of files that there are not")
def unknown_roots(target):
    repeat(target, hash_request(bytes(32), 0, 0, 512, 9) * 1000)


@attack("a session that names the id of each peer that it sees, and is silent")
def impostors(target):
    probe = target.connect()
    theirs = probe.theirs[48:]
    probe.close()

    def run(number):
        one = target.connect(number, peer=random_id() if number % 2 else theirs)
        one.send(hello() + message(HAVE_NONE))
        one.ended(1)
        one.close()
    crowd(target, 8, run)


@attack("connections that say nothing")
def silent(target):
    hold(target, 1500, lambda: b"")


@attack("connections that say one byte of a handshake")
def one_byte(target):
    hold(target, 1500, lambda: b"\x13")


@attack("sessions that ask for nothing")
def idle_sessions(target):
    hold(target, 1500, lambda: greeting(target.share, random_id()) + hello() + message(HAVE_NONE))


@attack("sessions that begin a long message and do not end it")
def unfinished(target):
    hold(target, 1000, lambda: greeting(target.share, random_id()) + struct.pack(">IB", 300_000, BITFIELD) +
         bytes(140_000))


@attack("sessions that come and go")
def churn(target):
    def run(number):
        target.connect(number, timeout=3).close()
    crowd(target, 4, run)


@attack("greetings for shares that are not here")
def wrong_shares(target):
    def run(number):
        one = socket.create_connection((target.host, target.port), timeout=3)
        one.sendall(greeting(os.urandom(20), random_id()))
        one.settimeout(1)
        try:
            one.recv(68)
        finally:
            one.close()
    crowd(target, 4, run)


@attack("messages that break the protocol: each ends its session")
def nonsense(target):
    bad = [struct.pack(">IB", 0xffffffff, 4), message(BITFIELD, payload=b"\xff"), message(HAVE, 0xfffffff0),
           message(REQUEST, target.pieces + 5, 0, BLOCK), message(REQUEST, 0, 0, 0x7fffffff),
           message(PIECE, 0, 0, payload=bytes(BLOCK)), message(PIECE, 0, 0), message(CHOKE, payload=b"x"),
           hash_request(bytes(32), 1 << 31, 3, 1 << 31, 1 << 31) + message(HAVE, payload=b"x"), os.urandom(200)]

    def run(number):
        one = target.connect(number, timeout=3)
        one.send(hello() + bad[random.randrange(len(bad))])
        one.ended(1)
        one.close()
    crowd(target, 4, run)
