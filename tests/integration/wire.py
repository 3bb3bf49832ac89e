"""The peer protocol for peers made by hand: bencode, messages, connections, and a seeder that can be told to misbehave.

Knows nothing of processes of ours. tools/attack uses it, too. BEP 3, 6, 9, 10, 52.
"""
import hashlib
import os
import socket
import struct
import threading
import time

BLOCK = 16 << 10
CHOKE, UNCHOKE, INTERESTED, NOT_INTERESTED, HAVE, BITFIELD, REQUEST, PIECE, CANCEL = range(9)
SUGGEST, HAVE_ALL, HAVE_NONE, REJECT, ALLOWED_FAST = range(13, 18)
EXTENDED, HASH_REQUEST, HASHES, HASH_REJECT = range(20, 24)
UT_METADATA, SHOAL = 1, 2


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, (bytes, bytearray)):
        return b"%d:%b" % (len(value), value)
    if isinstance(value, list):
        return b"l%be" % b"".join(map(bencode, value))
    rows = sorted((key.encode() if isinstance(key, str) else key, row) for key, row in value.items())
    return b"d%be" % b"".join(bencode(key) + bencode(row) for key, row in rows)


def bdecode(data, at=0):
    """The value at `at`, and where it ends."""
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        rows, at = [], at + 1
        while data[at:at + 1] != b"e":
            row, at = bdecode(data, at)
            rows.append(row)
        return (rows if kind == b"l" else dict(zip(rows[::2], rows[1::2]))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end], end


def message(number, *integers, payload=b""):
    """Any message: its number, 32-bit integers and bytes."""
    body = struct.pack(f">{len(integers)}I", *integers) + payload
    return struct.pack(">IB", 1 + len(body), number) + body


def extended(number, payload):
    return message(EXTENDED, payload=bytes([number]) + payload)


def hello(**more):
    return extended(0, bencode({"m": {"ut_metadata": UT_METADATA, "shoal": SHOAL}, "reqq": 2048,
                                "shoal": {"request_bytes": 1 << 20}, **more}))


def hash_request(root, base, index, count, proofs, number=HASH_REQUEST):
    return message(number, payload=root + struct.pack(">4I", base, index, count, proofs))


def random_id():
    return b"-XX0001-" + os.urandom(12)


class Torrent:
    """One file of random bytes as a v2 torrent: what its seeder must know."""

    def __init__(self, name, size, piece):
        self.data, self.piece, self.per_piece = os.urandom(size), piece, piece // BLOCK
        leaves = [hashlib.sha256(self.data[at:at + BLOCK]).digest() for at in range(0, size, BLOCK)]
        leaves += [bytes(32)] * (-len(leaves) % self.per_piece)
        levels = [leaves]
        while len(levels[-1]) > 1:
            level = levels[-1]
            # Nodes beyond the end: what zeros lead to.
            if len(level) % 2:
                level.append(self.zeros(len(levels) - 1))
            levels.append([hashlib.sha256(level[i] + level[i + 1]).digest() for i in range(0, len(level), 2)])
        self.levels, self.root = levels, levels[-1][0]
        self.height = self.per_piece.bit_length() - 1
        self.pieces = -(-size // piece)
        self.info = bencode({"file tree": {name: {"": {"length": size, "pieces root": self.root}}}, "meta version": 2,
                             "name": name, "piece length": piece})
        self.id = hashlib.sha256(self.info).digest()

    @staticmethod
    def zeros(height):
        node = bytes(32)
        for _ in range(height):
            node = hashlib.sha256(node * 2).digest()
        return node

    def torrent(self):
        layer = b"".join(self.levels[self.height][:self.pieces])
        return b"d4:info" + self.info + b"12:piece layers" + bencode({self.root: layer}) + b"e"

    @property
    def magnet(self):
        return f"magnet:?xt=urn:btmh:1220{self.id.hex()}"

    def hashes(self, base, index, count, proofs):
        def at(height, place):
            level = self.levels[height] if height < len(self.levels) else []
            return level[place] if place < len(level) else self.zeros(height)
        found = [at(base, place) for place in range(index, index + count)]
        height, place = base + count.bit_length() - 1, index // count
        for _ in range(max(0, proofs - (count.bit_length() - 2))):
            found.append(at(height, place ^ 1))
            height, place = height + 1, place // 2
        return b"".join(found)


class Connection:
    """A greeted connection. `address`: of this side."""

    def __init__(self, port, share, peer=None, host="127.0.0.1", address=None, timeout=20, receive_buffer=None):
        self.peer = peer or random_id()
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            if receive_buffer:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if address:
                self.socket.bind((address, 0))
            self.socket.settimeout(timeout)
            self.socket.connect((host, port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.send(greeting(share, self.peer))
            self.theirs = self.read(68)
        except BaseException:
            self.socket.close()
            raise

    @classmethod
    def accepted(cls, accepted, share, peer):
        """The other side of a connection that a node opened."""
        self = cls.__new__(cls)
        self.socket, self.peer = accepted, peer
        self.theirs = self.read(68)
        self.send(greeting(share, peer))
        return self

    def read(self, count):
        got = b""
        while len(got) < count:
            part = self.socket.recv(count - len(got))
            if not part:
                raise ConnectionError("closed")
            got += part
        return got

    def receive(self):
        """The number and the content of the next message; None for a keep-alive."""
        length, = struct.unpack(">I", self.read(4))
        body = self.read(length) if length else b""
        return (body[0], body[1:]) if body else (None, b"")

    def send(self, data):
        self.socket.sendall(data)

    def ended(self, seconds):
        """Whether the other side closes within this time. What it says meanwhile is thrown away."""
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if not self.socket.recv(1 << 16):
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    def close(self):
        self.socket.close()


def greeting(share, peer):
    return b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04" + share[:20] + peer


class Seeder:
    """Serves a Torrent to whoever connects. `rate`: payload bytes a second. `spoil`: changes each block that it sends."""

    def __init__(self, torrent, rate=None, spoil=None, peer=None):
        self.torrent, self.rate, self.spoil, self.peer = torrent, rate, spoil, peer or random_id()
        self.connections = self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def close(self):
        self._listener.close()
        for one in self._open:
            one.close()

    def call(self, port, **options):
        """Connects to a downloader and serves it."""
        self._begin(Connection(port, self.torrent.id, self.peer, **options))

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
                accepted.settimeout(120)
                self._begin(Connection.accepted(accepted, self.torrent.id, self.peer))
            except ConnectionError:
                continue
            except OSError:
                return

    def _begin(self, connection):
        self.connections += 1
        self._open.append(connection)
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            connection.send(hello(metadata_size=len(self.torrent.info)) + message(HAVE_ALL) + message(UNCHOKE))
            while True:
                number, content = connection.receive()
                if number == REQUEST:
                    self._answer(connection, *struct.unpack(">3I", content))
                elif number == HASH_REQUEST:
                    base, index, count, proofs = struct.unpack(">4I", content[32:])
                    found = self.torrent.hashes(base, index, count, proofs)
                    connection.send(message(HASHES, payload=content + found))
                elif number == EXTENDED and content[0] == UT_METADATA:
                    self._tell(connection, bdecode(content, 1)[0])
        except OSError:
            connection.close()

    def _answer(self, connection, piece, begin, length):
        self.requests += 1
        at = piece * self.torrent.piece + begin
        data = self.torrent.data[at:at + length]
        if self.spoil:
            data = self.spoil(data)
        whole = message(PIECE, piece, begin, payload=data)
        if not self.rate:
            return connection.send(whole)
        step = max(1024, self.rate // 50)
        for place in range(0, len(whole), step):
            connection.send(whole[place:place + step])
            time.sleep(len(whole[place:place + step]) / self.rate)

    def _tell(self, connection, asked):
        if asked.get(b"msg_type") != 0:
            return
        place = asked[b"piece"] * BLOCK
        head = bencode({"msg_type": 1, "piece": asked[b"piece"], "total_size": len(self.torrent.info)})
        connection.send(extended(UT_METADATA, head + self.torrent.info[place:place + BLOCK]))
