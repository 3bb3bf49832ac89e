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


def read_content(connection):
    """The kind of the next message, and its bytes as they come: 1 is text, 2 is packed."""
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
            return kind, message


def read_message(connection):
    """The next message as JSON; packed ones are unpacked."""
    kind, message = read_content(connection)
    return json.loads(zlib.decompress(message) if kind == 2 else message)


def text(**message):
    """A message of a tracker."""
    return frame(1, json.dumps(message).encode())


def said(**message):
    """A message of a peer."""
    return frame(1, json.dumps(message).encode(), masked=True)


class Client:
    """Opens a tracker's WebSocket and says what it likes, at first `first`. `origin` is that of a page in a browser.

    `tls` is a context of ssl, and `authorization` what a private swarm asks for besides.
    """

    def __init__(self, port, first, *, host="127.0.0.1", address=None, timeout=30, receive_buffer=None, origin=None,
                 name="x", tls=None, authorization=None):
        self.connection = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            if receive_buffer:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.connection.settimeout(timeout)
            if address:
                self.connection.bind((address, 0))
            self.connection.connect((host, port))
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                self.connection = tls.wrap_socket(self.connection, server_hostname=host)
            self._upgrade(name, origin, authorization)
            self.say(**first)
        except OSError:
            self.close()
            raise

    def _upgrade(self, name, origin, authorization):
        page = f"Origin: {origin}\r\n" if origin is not None else ""
        if authorization:
            page += f"Authorization: {authorization}\r\n"
        self.connection.sendall(f"GET /live HTTP/1.1\r\nHost: {name}\r\n{page}Upgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                                "Sec-WebSocket-Version: 13\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += read_exactly(self.connection, 1)
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ConnectionRefusedError(head.split(b"\r\n")[0].decode())

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


class Member(Client):
    """Joins as a peer."""

    def __init__(self, port, /, *, host="127.0.0.1", address=None, peer=None, timeout=30, receive_buffer=None,
                 tls=None, authorization=None, **more):
        join = {"type": "join", "peer": peer or os.urandom(20).hex(), "name": "member", **more}
        super().__init__(port, join, host=host, address=address, timeout=timeout, receive_buffer=receive_buffer,
                         tls=tls, authorization=authorization)


class Looker(Client):
    """Looks on, as a page in a browser does."""

    def __init__(self, port, /, **options):
        super().__init__(port, {"type": "look"}, **options)
