"""A TCP proxy in front of one peer that limits, corrupts, delays, truncates or swallows what the peer sends."""
import asyncio
import contextlib
import ctypes
import socket
import struct
import threading

SO_ATTACH_FILTER = 26  # <asm-generic/socket.h>
DROP = struct.pack("HBBI", 0x06, 0, 0, 0)  # BPF_RET | BPF_K of <linux/filter.h>: keep 0 bytes of a packet


class Proxy:
    """`rate` bytes per second of one connection towards the downloader (None: as fast as it goes), with `both_ways` also
    towards the peer. `target` is the (host, port) of the peer; 0 for the port is allowed until somebody connects.
    Attributes may change while it runs:
    `corrupt_every` flips one byte in each so many, `truncate_after` cuts the connection after so many bytes, `delay`
    holds every read back (seconds), `swallow` reads on and passes nothing. `heard`, a bytearray, gets all bytes of both
    directions."""

    def __init__(self, owner, port, rate=None, host="127.0.0.1", both_ways=False):
        self.target = ("127.0.0.1", port)
        self.host = host
        self.rate = rate
        self.both_ways = both_ways
        self.corrupt_every = None
        self.corrupt_from = 4096  # leaves handshakes and metadata alone
        self.truncate_after = None
        self.delay = 0
        self.swallow = False
        self.heard = None
        self.connections = 0
        self.bytes = 0
        self._sockets = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()
        owner.addCleanup(self.close)

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def _run(self):
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, self.host, 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks = set()
        self._ready.set()
        self._loop.run_forever()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def lose_paths(self):
        """From now on nothing gets through the connections that there are, nor is it acknowledged: as if the cable were
        out. New ones are as before."""
        filter_bytes = ctypes.create_string_buffer(DROP)
        program = struct.pack("HL", 1, ctypes.addressof(filter_bytes))
        for one in self._sockets:
            with contextlib.suppress(OSError):  # closed
                one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            from_peer, to_peer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()
            return
        except asyncio.CancelledError:
            return
        self._sockets += [one.get_extra_info("socket") for one in (writer, to_peer)]
        up = asyncio.ensure_future(self._pass_on(reader, to_peer, plain=True))
        down = asyncio.ensure_future(self._pass_on(from_peer, writer, plain=False))
        with contextlib.suppress(asyncio.CancelledError):  # the proxy is closed
            await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
        for one in (up, down):
            one.cancel()
        for one in (writer, to_peer):
            one.close()

    async def _pass_on(self, reader, writer, plain):
        passed = 0
        try:
            while data := await reader.read(65536):
                if self.heard is not None:
                    self.heard += data
                if plain:
                    writer.write(data)
                    await writer.drain()
                    if self.rate and self.both_ways:
                        await asyncio.sleep(len(data) / self.rate)
                    continue
                while self.swallow:
                    await asyncio.sleep(0.01)
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self.corrupt_every:
                    data = bytearray(data)
                    first = -passed % self.corrupt_every
                    for at in range(first, len(data), self.corrupt_every):
                        if passed + at >= self.corrupt_from:
                            data[at] ^= 0xFF
                if self.truncate_after is not None and passed + len(data) > self.truncate_after:
                    writer.write(bytes(data[:self.truncate_after - passed]))
                    await writer.drain()
                    return
                writer.write(bytes(data))
                await writer.drain()
                passed += len(data)
                self.bytes += len(data)
                if self.rate:
                    await asyncio.sleep(len(data) / self.rate)
        except (ConnectionError, asyncio.CancelledError):
            pass
