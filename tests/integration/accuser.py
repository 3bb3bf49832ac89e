"""Somebody who connects to a peer and says which of its pieces came damaged."""
import socket
import struct


class Accuser:
    """A connection that the peer has greeted, so that it needs no new descriptor; closed when the test ends."""

    def __init__(self, owner, peer, share):
        self._connection = socket.create_connection(("127.0.0.1", peer.port))
        owner.addCleanup(self._connection.close)
        self._connection.sendall(b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04" + bytes.fromhex(share)[:20] +
                                 b"-XX0001-hostile test")
        self._connection.settimeout(60)
        greeting = 68
        while greeting > 0:
            got = len(self._connection.recv(greeting))
            if got == 0:
                raise AssertionError(f"{peer.name} does not greet for {share}")
            greeting -= got

    def accuse(self, pieces):
        packed = b"".join(struct.pack(">I", piece) for piece in pieces)
        content = b"d6:failed%d:%se" % (len(packed), packed)
        # Our extension has the number 2 at a node.
        self._connection.sendall(struct.pack(">IBB", 2 + len(content), 20, 2) + content)
