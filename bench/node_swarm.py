"""This project's peers on a Network: a tracker, sources that share a file, leechers that fetch it.

Everybody runs and knows everybody from the tracker before a clock starts, and is told what to do over control sockets
that are open already. The tracker has the first host, then come the sources, then the leechers.
"""
import os
import time

import harness
from control import Control, results

MIB = 1 << 20


def random_file(path, size):
    with open(path, "wb") as out:
        for begin in range(0, size, MIB):
            out.write(os.urandom(min(MIB, size - begin)))
    return path


def check_copies(path, copies):
    expected = harness.digest(path)
    wrong = [str(copy) for copy in copies if harness.digest(copy) != expected]
    if wrong:
        raise RuntimeError(f"wrong content: {wrong}")


class NodeSwarm:
    def __init__(self, network, directory, sources=1, log_level="info"):
        self.network = network
        self.directory = directory
        self.options = ["--log-level", log_level, *self.key()]
        hosts = network.hosts
        where = f"{hosts[0].address}:7000"
        self.tracker = harness.Process(hosts[0], ["tracker", "--listen", where, *self.options], directory / "tracker.log")
        self.options += ["--tracker", where]
        self.sources = [self._peer(host, f"source{i}") for i, host in enumerate(hosts[1:1 + sources])]
        self.leechers = [self._peer(host, f"leecher{i}") for i, host in enumerate(hosts[1 + sources:])]

    def key(self):
        """The option that makes the swarm private, or nothing."""
        return ()

    def _peer(self, host, name):
        peer = harness.Peer(host, name, self.directory, "--listen", f"{host.address}:7000", *self.options)
        peer.host = host
        peer.control = Control(peer)
        self.network.addCleanup(peer.control.close)
        return peer

    def prepare(self, paths):
        """`paths`: what each source shares, the same content for all."""
        for source, path in zip(self.sources, paths, strict=True):
            source.control.send("add", paths=[str(path)])
        added = results([source.control for source in self.sources], harness.PATIENCE)
        self.share, = {rows[0]["id"] for rows in added.values()}
        for peer in self.leechers:
            harness.wait_for(lambda peer=peer: self._sees_all(peer), f"{peer.name} sees everybody", every=0.02)

    def _sees_all(self, peer):
        listed = any(row["id"] == self.share and row["seeders"] == len(self.sources)
                     for row in peer.control.call("list"))
        return listed and len(peer.control.call("peers")) == len(self.sources) + len(self.leechers)

    def start(self):
        """Tells all leechers to download, at one moment."""
        self.started = time.monotonic()
        for peer in self.leechers:
            peer.control.send("download", what=self.share)

    def wait(self, seconds):
        """Seconds from start() to the end of each leecher."""
        rows = results([peer.control for peer in self.leechers], seconds)
        self.rows = [rows[peer.control][0] for peer in self.leechers]
        return [peer.control.answered - self.started for peer in self.leechers]

    def copies(self, path):
        return [peer.dir / path.name for peer in self.leechers]

    def total(self, name):
        """Sum of one member of the leechers' download rows."""
        return sum(row[name] for row in self.rows)
