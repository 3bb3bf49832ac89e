#!/usr/bin/env python3
"""A far link on the loopback: a TCP proxy that delivers every byte some milliseconds later, in both directions.

    delay_proxy.py --to PORT --delay MS [--listen PORT]

One JSON line on stdout, {"listening": port}; runs until it is ended. The delay is the application's: no packet is lost,
the rate has no limit, and handshakes of TCP are not delayed. So what it shows is how many round trips a protocol waits
for, and how much it dares to have on its way. Who sends is read from at once, as a link of that delay would take it.
"""
import argparse
import collections
import json
import socket
import sys
import threading
import time

READ_BYTES = 256 << 10
# What may be on its way in one direction: a second at 8 Gbit/s.
HELD_BYTES_MAX = 1 << 30


class Line:
    """One direction of one connection: a thread reads and says when it is due, another one delivers."""

    def __init__(self, source, target, delay):
        self._source, self._target, self._delay = source, target, delay
        self._held = collections.deque()  # (when it is due, buffer, bytes of it); None at the end
        self._held_bytes = 0
        self._spare = []  # buffers to use again: fresh memory costs more than the copy
        self._changed = threading.Condition()

    def start(self):
        for run in (self._read, self._deliver):
            threading.Thread(target=run, daemon=True).start()

    def _read(self):
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._held_bytes < HELD_BYTES_MAX)
                    buffer = self._spare.pop() if self._spare else bytearray(READ_BYTES)
                size = self._source.recv_into(buffer)
                if 0 < size <= READ_BYTES // 4:
                    # Many small pieces must not hold a large buffer each.
                    self._spare.append(buffer)
                    buffer = bytes(buffer[:size])
                self._hold(buffer, size)
                if size == 0:
                    return
        except OSError:
            self._hold(None, 0)

    def _hold(self, buffer, size):
        with self._changed:
            self._held.append((time.monotonic() + self._delay, buffer, size))
            self._held_bytes += size
            self._changed.notify_all()

    def _deliver(self):
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._held)
                    due, buffer, size = self._held.popleft()
                wait = due - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                if size == 0:
                    self._target.shutdown(socket.SHUT_WR)
                    return
                self._target.sendall(memoryview(buffer)[:size])
                with self._changed:
                    self._held_bytes -= size
                    if len(buffer) == READ_BYTES:
                        self._spare.append(buffer)
                    self._changed.notify_all()
        except OSError:
            # Whoever sends must learn that nobody reads any more.
            try:
                self._source.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(near, port, delay):
    near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        far = socket.create_connection(("127.0.0.1", port))
    except OSError:
        near.close()
        return
    far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Line(near, far, delay).start()
    Line(far, near, delay).start()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", type=int, required=True, metavar="PORT")
    parser.add_argument("--delay", type=float, required=True, metavar="MS", help="each way")
    parser.add_argument("--listen", type=int, default=0, metavar="PORT")
    given = parser.parse_args()
    # A thread that waits for the interpreter's lock gets it soon.
    sys.setswitchinterval(0.0005)
    listener = socket.create_server(("127.0.0.1", given.listen), backlog=128)
    print(json.dumps({"listening": listener.getsockname()[1]}), flush=True)
    while True:
        near, _ = listener.accept()
        serve(near, given.to, given.delay / 1000)


if __name__ == "__main__":
    main()
