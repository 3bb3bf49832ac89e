"""WebSocket (RFC 6455) and the messages between a peer and a tracker, by hand, so that either side can say what it likes.

Knows nothing of processes of ours. tools/attack uses it, too. DESIGN: "Between peer and tracker".
"""
import json
import os
import socket
import struct
import zlib


def read_exactly(connection, count):
    data = bytearray()
    while len(data) < count:
        got = connection.recv(count - len(data))
        if not got:
            raise ConnectionError("closed")
        data += got
    return bytes(data)


def frame(opcode, payload, masked=False, final=True):
    """RFC 6455 section 5.2. The masking key is zero, so that the payload stays as it is."""
    first = (0x80 if final else 0) | opcode
    length = len(payload)
    mask = 0x80 if masked else 0
    if length < 126:
        head = bytes([first, mask | length])
    elif length < 65536:
        head = bytes([first, mask | 126]) + struct.pack(">H", length)
    else:
        head = bytes([first, mask | 127]) + struct.pack(">Q", length)
    return head + (b"\0\0\0\0" if masked else b"") + payload


def read_message(connection):
    """The next message as JSON; packed ones are unpacked."""
    message, kind = b"", 0
    while True:
        first, second = read_exactly(connection, 2)
        length = second & 127
        if length == 126:
            length, = struct.unpack(">H", read_exactly(connection, 2))
        elif length == 127:
            length, = struct.unpack(">Q", read_exactly(connection, 8))
        key = read_exactly(connection, 4) if second & 128 else bytes(4)
        payload = read_exactly(connection, length)
        if first & 15 == 8:
            raise ConnectionError("closed")
        if first & 15 > 8:
            continue
        kind = first & 15 or kind
        message += bytes(byte ^ key[i & 3] for i, byte in enumerate(payload)) if any(key) else payload
        if first & 0x80:
            return json.loads(zlib.decompress(message) if kind == 2 else message)


def text(**message):
    """A message of a tracker."""
    return frame(1, json.dumps(message).encode())


def said(**message):
    """A message of a peer."""
    return frame(1, json.dumps(message).encode(), masked=True)


class Member:
    """Joins a tracker and says what it likes."""

    def __init__(self, port, /, *, host="127.0.0.1", address=None, peer=None, timeout=30, receive_buffer=None,
                 **more):
        self.connection = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            if receive_buffer:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.connection.settimeout(timeout)
            if address:
                self.connection.bind((address, 0))
            self.connection.connect((host, port))
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._upgrade()
            self.say(type="join", peer=peer or os.urandom(20).hex(), **{"name": "member", **more})
        except OSError:
            self.close()
            raise

    def _upgrade(self):
        self.connection.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += read_exactly(self.connection, 1)

    def say(self, **message):
        self.connection.sendall(said(**message))

    def hear(self):
        return read_message(self.connection)

    def swallow(self):
        """Reads until the end comes."""
        try:
            while self.connection.recv(1 << 20):
                pass
        except OSError:
            pass

    def close(self):
        self.connection.close()
