"""One source and one downloader that are far from each other: the loopback through a proxy that delivers every byte 25, 50
or 100 ms later, each way (bench/delay_proxy.py). The link has no other limit, so who waits for answers shows it.

  one file        256 MiB; the yardstick is curl from nginx through the same proxy, which asks once. Of 1 GiB, where the
                  start counts less, it is the node itself without delay
  many files      20 MB in 2,000 files
  bad holders     a magnet link, 24 holders of the info dictionary that never give it, give it late or claim another size
                  (bench/scripted_source.py), and one honest peer: until 4 MiB are here

All files are in RAM. The clock of a fetch runs from the start of its process to its end; libtorrent, a library, counts
from the call that adds the torrent. The proxy does not delay the handshake of TCP, which would be a round trip more for
all alike. Alone: `/usr/bin/python3 bench/far.py --help`.
"""
import argparse
import contextlib
import filecmp
import json
import os
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "integration")]

import harness
import machine
import scripted_source
import small_files
import transfers
from suite import MIB, Nodes

NAME = "far"
TITLE = "Far away: one source, one downloader, every byte delayed"
DELAYS = (25, 50, 100)
FILES = 2000
BAD = 24
METADATA_MIB = 4


class Delayed(transfers.Transfer):
    """Mixed into a transfer: its downloader meets the proxy instead of the source."""

    delay = 0.0

    def start(self):
        super().start()
        proxy = [transfers.PYTHON, HERE / "delay_proxy.py", "--to", self.port, "--delay", self.delay]
        _, said = self.launch(proxy, "proxy", first_line=True)
        self.port = said["listening"]


class NodeByMagnet(transfers.NodeToNode):
    """As NodeToNode, but all that the downloader knows is the magnet link and the address."""

    def command(self, target):
        torrent = scripted_source.Torrent(self.torrent)
        return [harness.NODE, "download", torrent.magnet, "--peer", f"127.0.0.1:{self.port}", "--dir", target, "--state",
                pathlib.Path(target) / ".state"]


class RsyncFolder(transfers.Rsync):
    def command(self, target):
        return ["rsync", "-r", f"rsync://127.0.0.1:{self.port}/files/{self.path.name}", f"{target}/"]


MAGNET = "node, by magnet"
ONCE = (MAGNET, "libtorrent")
FILE_KINDS = {"node": transfers.NodeToNode, MAGNET: NodeByMagnet, "curl": transfers.Curl,
              "rsync": transfers.Rsync, "libtorrent": transfers.LibtorrentV2}
FOLDER_KINDS = {"node": transfers.NodeToNode, MAGNET: NodeByMagnet, "rsync": RsyncFolder}


def delayed(kind, delay):
    return type(f"Delayed{kind.__name__}", (Delayed, kind), {"delay": delay})


class Case:
    """The transfers of one file or folder through one delay, gone after the `with`; fetch(name) is seconds."""

    def __init__(self, directory, make, kinds, delay):
        self.directory, self.make, self.kinds, self.delay = pathlib.Path(directory), make, kinds, delay

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            root = pathlib.Path(tempfile.mkdtemp(prefix="far-", dir=self.directory))
            stack.callback(shutil.rmtree, root, ignore_errors=True)
            nodes = stack.enter_context(Nodes(root))
            # A daemon that drops the rights of root must get in.
            root.chmod(0o755)
            self.path = root / "source" / "data"
            self.path.parent.mkdir()
            self.size = self.make(self.path)
            self.target = root / "target"
            self.subjects = {name: delayed(kind, self.delay)(f"{name} {self.delay:g}", nodes, self.path)
                             for name, kind in self.kinds.items()}
            self.compared = set()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def fetch(self, name):
        shutil.rmtree(self.target, ignore_errors=True)
        self.target.mkdir()
        machine.warm_memory(2 * self.size)
        seconds = self.subjects[name].fetch(self.target).seconds
        if name not in self.compared:
            self.compared.add(name)
            self._compare(name)
        return seconds

    def _compare(self, name):
        copy = self.target / self.path.name
        same = (harness.tree(copy) == harness.tree(self.path) if self.path.is_dir()
                else filecmp.cmp(copy, self.path, shallow=False))
        assert same, f"{name}: the copy is not the original"


def one_file(size):
    def make(path):
        with open(path, "wb") as out:
            for begin in range(0, size, MIB):
                out.write(os.urandom(min(MIB, size - begin)))
        return size
    return make


def many_files(count):
    return lambda path: small_files.make(path, count, 0)


def bad_holders(torrent, count):
    """A third each is mute, slow, and claims a size of its own."""
    kinds = (lambda _: scripted_source.Mute(torrent), lambda _: scripted_source.Slow(torrent),
             lambda i: scripted_source.OtherSize(torrent, more=1 + i))
    return [kinds[i % len(kinds)](i) for i in range(count)]


class NodeAmongBad(NodeByMagnet):
    """The honest peer is the last one that is named."""

    bad = 0

    def command(self, target):
        command = super().command(target)
        torrent = scripted_source.Torrent(self.torrent)
        with contextlib.ExitStack() as stack:
            self.ends = stack.pop_all()
        for holder in bad_holders(torrent, self.bad):
            self.ends.callback(holder.close)
            command[3:3] = ["--peer", f"127.0.0.1:{holder.port}"]
        return command

    def fetch(self, target):
        try:
            return super().fetch(target)
        finally:
            self.ends.close()


def among_bad(count):
    return type("NodeAmongBad", (NodeAmongBad,), {"bad": count})


# The rows.

def measure_file(suite, size):
    wanted = ["curl", "nginx", "rsync"] + ([] if suite.quick else ["libtorrent"])
    installed = {rival.name for rival in suite.available(*wanted)}
    kinds = {name: kind for name, kind in FILE_KINDS.items() if installed.issuperset(kind.rivals)}
    if suite.quick:
        del kinds[MAGNET]
    curves = {name: [] for name in kinds}
    for delay in (50,) if suite.quick else (0, *DELAYS):
        case = f"{size // MIB} MiB, {delay} ms"
        with Case(suite.memory_directory, one_file(size), kinds, delay) as running:
            times = suite.alternate({name: lambda name=name: running.fetch(name) for name in kinds}, once=ONCE)
        for name, seconds in times.items():
            suite.row(case, name, "time", seconds, "s")
            curves[name].append((delay, statistics.median(seconds)))
        if "curl" in times:
            ratios = [ours / theirs for ours, theirs in zip(times["node"], times["curl"])]
            suite.row(case, "node / curl", "ratio of times", ratios, "x",
                      goal="≤ 1.3" if delay and not suite.quick else None)
    if not suite.quick:
        suite.line_plot("far", f"{size // MIB} MiB from far away", "delay of each way, ms", "seconds", curves)


def measure_large(suite, size):
    suite.require_space(suite.memory_directory, 3 * size)
    kinds = {"node": transfers.NodeToNode}
    near = None
    for delay in (0, 25, 50):
        with Case(suite.memory_directory, one_file(size), kinds, delay) as running:
            times = suite.alternate({"node": lambda: running.fetch("node")})["node"]
        near = near or statistics.median(times)
        suite.row(f"{size // MIB} MiB, {delay} ms", "node", "time / without delay" if delay else "time", times, "s",
                  limit=near if delay else None, goal="≤ 1.2" if delay else None)


def measure_files(suite, count):
    kinds = {name: kind for name, kind in FOLDER_KINDS.items() if len(suite.available(*kind.rivals)) == len(kind.rivals)}
    for delay in (50,) if suite.quick else (0, 50):
        with Case(suite.memory_directory, many_files(count), kinds, delay) as running:
            times = suite.alternate({name: lambda name=name: running.fetch(name) for name in kinds}, once=ONCE)
        for name, seconds in times.items():
            suite.row(f"{count:,} files, {delay} ms", name, "time", seconds, "s",
                      goal="≤ 1.5" if delay and name == "node" else None)


def measure_metadata(suite):
    kinds = {count: among_bad(count) for count in (0, BAD)}
    with Case(suite.memory_directory, one_file(METADATA_MIB * MIB), kinds, 0) as running:
        times = suite.alternate({count: lambda count=count: running.fetch(count) for count in kinds})
    for count, seconds in times.items():
        suite.row(f"{count} bad holders", "node", f"magnet to {METADATA_MIB} MiB", seconds, "s",
                  goal="≤ 1" if count else None)


def run(suite):
    harness.NODE = str(suite.node)
    measure_file(suite, (64 if suite.quick else 256) * MIB)
    if not suite.quick:
        measure_large(suite, 1024 * MIB)
    measure_files(suite, FILES)
    measure_metadata(suite)


def main():
    parser = argparse.ArgumentParser(description="Downloads through a delay; prints each run.")
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--delay", type=float, nargs="+", default=[50.0], metavar="MS", help="each way")
    parser.add_argument("--files", nargs="?", const=FILES, type=int, metavar="COUNT", help="of 10 KiB instead of one file")
    parser.add_argument("--metadata", nargs="?", const=BAD, type=int, metavar="COUNT",
                        help="a magnet link among so many bad holders of the info dictionary")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--subject", choices=FILE_KINDS, default="node")
    parser.add_argument("--node", default=str(HERE.parent / "build" / "release" / "node"))
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    harness.NODE = os.path.abspath(given.node)
    for delay in given.delay if given.metadata is None else [0.0]:
        make, kinds, what = one_file(given.mib * MIB), FILE_KINDS, f"{given.mib} MiB"
        if given.files:
            make, kinds, what = many_files(given.files), FOLDER_KINDS, f"{given.files} files"
        elif given.metadata is not None:
            make, kinds = one_file(METADATA_MIB * MIB), {"node": among_bad(given.metadata)}
            what = f"{given.metadata} bad holders"
        if given.subject not in kinds:
            parser.error(f"{given.subject} has no part in this: take one of {', '.join(kinds)}")
        with tempfile.TemporaryDirectory(prefix="shoal-far-", dir="/dev/shm") as directory:
            os.chmod(directory, 0o755)
            with Case(directory, make, {given.subject: kinds[given.subject]}, delay) as running:
                for _ in range(given.runs):
                    seconds = running.fetch(given.subject)
                    print(json.dumps({"subject": given.subject, "what": what, "delay_ms": delay,
                                      "seconds": round(seconds, 4)}), flush=True)


if __name__ == "__main__":
    main()
