"""When data passed on the loopback: listens to packets, so it works for any program. Needs root (CAP_NET_RAW)."""
import socket
import struct
import threading

ETHERNET_IP = 0x0800
OUTGOING = 4  # PACKET_OUTGOING: on the loopback each packet comes by twice
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33
BUFFER_BYTES = 512 << 20  # what a slow reader may fall behind; the kernel counts packets as if they were held whole


class Capture:
    """During the `with`, notes what one port sends: `sent` is [(epoch, payload bytes of the segment)], in order."""

    def __init__(self, port):
        self.port, self.sent = port, []

    def __enter__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETHERNET_IP))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind(("lo", ETHERNET_IP))
        self.socket.settimeout(0.2)
        self.ending = False
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join()
        self.socket.close()

    def _listen(self):
        while True:
            try:
                head, extra, _, address = self.socket.recvmsg(80, 64)
            except TimeoutError:
                if self.ending:
                    return
                continue
            if address[2] == OUTGOING or len(head) < 40 or head[9] != socket.IPPROTO_TCP:
                continue
            ip_bytes = 4 * (head[0] & 15)
            # A segment that the kernel puts together from many may be longer than 64 KiB, which its length cannot say.
            length = struct.unpack_from(">H", head, 2)[0] or 1 << 16
            if struct.unpack_from(">H", head, ip_bytes)[0] == self.port:
                seconds, nanoseconds = struct.unpack_from("=qq", extra[0][2])
                payload = length - ip_bytes - 4 * (head[ip_bytes + 12] >> 4)
                if payload > 0:
                    self.sent.append((seconds + nanoseconds / 1e9, payload))

    def passed(self, size):
        """When the port had sent so many bytes; None if it never did."""
        total = 0
        for when, payload in self.sent:
            total += payload
            if total >= size:
                return when
        return None

    def last(self, at_least):
        """When the last segment of at least so many bytes passed."""
        return max((when for when, payload in self.sent if payload >= at_least), default=None)
