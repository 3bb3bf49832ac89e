"""Holders of a torrent that follow a script: one that sends at a chosen rate, and some that waste a downloader's time.

Each is a port of the loopback that speaks BEP 3, 6, 9 and 10, without encryption, in 16 KiB blocks, as a foreign client
does. It says that it has everything. It answers requests in order, one thread a connection, and reads nothing while it
sends: what it was asked for and is not wanted any more comes all the same, as it does from the queue of a slow link. It
has no hashes to give. Benchmarks and nobody else call this.
"""
import hashlib
import os
import socket
import struct
import threading
import time

BLOCK_BYTES = 16 << 10
# So often a paced source sends something: often enough to look like a slow link.
STEPS_PER_SECOND = 50
PATIENCE_SECONDS = 120
INFO_EXTENSION = 1  # the number under which we take messages of BEP 9
UNCHOKE, REQUEST, PIECE, HAVE_ALL, EXTENDED, HASH_REQUEST, HASH_REJECT = 1, 6, 7, 14, 20, 21, 23


def bdecode(data, at=0):
    """(value, where it ends)."""
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        items = []
        at += 1
        while data[at:at + 1] != b"e":
            item, at = bdecode(data, at)
            items.append(item)
        return (items if kind == b"l" else dict(zip(items[::2], items[1::2]))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end], end


class Torrent:
    """What a holder must know of a .torrent of version 2 with one file."""

    def __init__(self, path):
        data = path.read_bytes()
        begin = data.index(b"4:info") + len(b"4:info")
        info, end = bdecode(data, begin)
        self.info = data[begin:end]
        self.id = hashlib.sha256(self.info).digest()
        self.piece_bytes = info[b"piece length"]
        self.magnet = f"magnet:?xt=urn:btmh:1220{self.id.hex()}&dn={info[b'name'].decode()}"


class Source:
    """An honest holder of the file at `path`, of so many bytes of payload a second."""

    def __init__(self, torrent, path=None, rate=None):
        self.torrent, self.path, self.rate = torrent, path, rate
        self.info_bytes = len(torrent.info)  # what it says
        self._due = 0.0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        for one in self._sockets:
            # Wakes the threads that wait for it.
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def _accept(self):
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return  # closed
            one.settimeout(PATIENCE_SECONDS)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(one)
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one):
        try:
            reader = one.makefile("rb", buffering=1 << 16)
            self._read(reader, 68)
            reserved = bytes((0, 0, 0, 0, 0, 0x10, 0, 0x04))
            hello = b"d1:md11:ut_metadatai%dee13:metadata_sizei%de4:reqqi2000ee" % (INFO_EXTENSION, self.info_bytes)
            one.sendall(b"\x13BitTorrent protocol" + reserved + self.torrent.id[:20] + b"-SC0001-" + os.urandom(12)
                        + self._message(EXTENDED, b"\0" + hello) + self._message(HAVE_ALL) + self._message(UNCHOKE))
            theirs = 0
            while True:
                size, = struct.unpack(">I", self._read(reader, 4))
                message = self._read(reader, size)
                kind, body = (message[0], message[1:]) if message else (None, b"")
                if kind == REQUEST:
                    self._send_block(one, *struct.unpack(">III", body))
                elif kind == HASH_REQUEST:
                    one.sendall(self._message(HASH_REJECT, body))
                elif kind == EXTENDED and body[0] == 0:
                    theirs = bdecode(body, 1)[0].get(b"m", {}).get(b"ut_metadata", 0)
                elif kind == EXTENDED and body[0] == INFO_EXTENSION:
                    asked = bdecode(body, 1)[0]
                    if asked[b"msg_type"] == 0:
                        self.give_info(one, theirs, asked[b"piece"])
        except (OSError, EOFError):
            pass  # it, or we, closed
        finally:
            one.close()

    @staticmethod
    def _read(reader, size):
        data = reader.read(size)
        if len(data) < size:
            raise EOFError
        return data

    @staticmethod
    def _message(kind, body=b""):
        return struct.pack(">IB", 1 + len(body), kind) + body

    def send_info(self, one, theirs, piece, info):
        head = b"d8:msg_typei1e5:piecei%de10:total_sizei%dee" % (piece, len(info))
        part = info[piece * BLOCK_BYTES:(piece + 1) * BLOCK_BYTES]
        one.sendall(self._message(EXTENDED, bytes((theirs,)) + head + part))

    def give_info(self, one, theirs, piece):
        """Somebody asks for a piece of the info dictionary; `theirs` is their number for such messages."""
        self.send_info(one, theirs, piece, self.torrent.info)

    def _send_block(self, one, piece, begin, size):
        if not self.path:
            return
        with open(self.path, "rb") as file:
            block = os.pread(file.fileno(), size, piece * self.torrent.piece_bytes + begin)
        self._send(one, struct.pack(">IBII", 9 + len(block), PIECE, piece, begin) + block)

    def _send(self, one, data):
        if not self.rate:
            one.sendall(data)
            return
        step = max(1, int(self.rate / STEPS_PER_SECOND))
        # One after the other, as on a link, however many connections there are.
        with self._lock:
            for begin in range(0, len(data), step):
                part = data[begin:begin + step]
                # A pause of the downloader is not made good later.
                self._due = max(self._due, time.monotonic() - 1 / STEPS_PER_SECOND) + len(part) / self.rate
                one.sendall(part)
                time.sleep(max(0.0, self._due - time.monotonic()))


class Mute(Source):
    """Says that it has the info dictionary, and never gives it."""

    def give_info(self, one, theirs, piece):
        pass


class Slow(Source):
    """Gives the info dictionary so late that a deadline of some seconds does not strike."""

    seconds = 2.5

    def give_info(self, one, theirs, piece):
        time.sleep(self.seconds)
        super().give_info(one, theirs, piece)


class OtherSize(Source):
    """Claims an info dictionary of another size, and gives zeros for it."""

    def __init__(self, torrent, more):
        super().__init__(torrent)
        self.info_bytes += more

    def give_info(self, one, theirs, piece):
        self.send_info(one, theirs, piece, bytes(self.info_bytes))
