"""One source sends one file to one downloader over the loopback. The yardstick, `limit`, does the same with nothing but
system calls (bench/limit.cpp). Seconds count from the start of the downloading process to its end; libtorrent, a
library, is spared the start of its process, and aria2 its timers before and after the payload. Each copy goes into the
warm memory of the one before; the first copy of a node is compared with the original. rsync verifies with xxh128, aria2
and libtorrent v1 with SHA-1, all others that verify with SHA-256. A client that we did not write asks for 16 KiB at a
time, nodes among themselves for more.
"""
import contextlib
import filecmp
import os
import pathlib
import shutil
import statistics

import machine
import transfers
from capture import Capture
from problem import Problem

NAME = "throughput"
TITLE = "one source to one downloader, every byte verified"

GIB = 1 << 30
MIB = 1 << 20
MB = 1e6
# The host of a virtual machine takes memory back when more than about 1 GiB is freed at once, as it is when the copy
# before is removed, and gives it again slowly: the same copy of 2 GiB took between 1.4 and 6 s.
SIZE = 768 * MIB
# So much must have come before payload has: handshakes and metadata are smaller, and 64 KiB take no time themselves.
FIRST_BYTES = 64 << 10
# Segments of payload, not of farewells.
LAST_SEGMENT_BYTES = 1024
FROM_LIBTORRENT = "libtorrent to node"
TO_LIBTORRENT = "node to libtorrent"
UNVERIFIED = "nginx to curl, unverified"
ENCRYPTED_LIMIT, ENCRYPTED_NODE, ENCRYPTED_CURL = "limit, TLS", "node, private swarm", "curl over TLS, then openssl"
ENCRYPTED_LIBTORRENT = "libtorrent v2, SSL torrent"
ENCRYPTED = {ENCRYPTED_LIMIT: transfers.LimitEncrypted, ENCRYPTED_NODE: transfers.NodePrivate,
             ENCRYPTED_LIBTORRENT: transfers.LibtorrentSsl, ENCRYPTED_CURL: transfers.CurlEncryptedThenOpenssl}
ENCRYPTED_GOALS = {ENCRYPTED_LIBTORRENT: "≥ 2.5", ENCRYPTED_CURL: None}
IN_RAM = {"limit": transfers.Limit, "node": transfers.NodeToNode, "rsync": transfers.Rsync,
          "libtorrent v2": transfers.LibtorrentV2, "libtorrent v1": transfers.LibtorrentV1, "aria2": transfers.Aria2,
          FROM_LIBTORRENT: transfers.LibtorrentToNode, TO_LIBTORRENT: transfers.NodeToLibtorrent,
          UNVERIFIED: transfers.Curl, "curl, then openssl": transfers.CurlThenOpenssl}
ON_DISK = {"limit": transfers.Limit, "node": transfers.NodeToNode, "rsync": transfers.Rsync}
LATENCY = {"node": transfers.NodeToNode, "node, private swarm": transfers.NodePrivate, "node, by tracker": transfers.NodeByTracker, "rsync": transfers.Rsync,
           "libtorrent v2": transfers.LibtorrentV2, "aria2": transfers.Aria2, UNVERIFIED: transfers.Curl}
GOALS = {"rsync": "≥ 1.0", "libtorrent v2": "≥ 2.2", "libtorrent v1": "≥ 2.2", "aria2": "≥ 3.3"}


class Bench:
    """The transfers of one case: a source file and a directory for targets in one place, gone after the `with`."""

    def __init__(self, suite, where, size, kinds):
        self.suite, self.where, self.size = suite, where, size
        rivals = dict.fromkeys(name for kind in kinds.values() for name in kind.rivals)
        installed = {rival.name for rival in suite.available(*rivals)}
        self.kinds = {name: kind for name, kind in kinds.items() if installed.issuperset(kind.rivals)}
        self.compared = set()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            root = stack.enter_context(self.suite.directory(self.where))
            nodes = stack.enter_context(self.suite.nodes(root))
            self.path = nodes.file("source/file.bin", self.size)
            self.target = root / "target"
            self.subjects = {name: kind(name, nodes, self.path) for name, kind in self.kinds.items()}
            self.stack = stack.pop_all()  # what has begun ends here only when something fails
        return self

    def __exit__(self, *_):
        self.stack.close()

    def fetch(self, name):
        # The pages of the copy before are warm, so only the first copy needs this; with less than twice the size, the
        # second copy was seen to get cold pages.
        shutil.rmtree(self.target, ignore_errors=True)
        self.target.mkdir()
        if not self.compared:
            machine.warm_memory(2 * self.size)
        result = self.subjects[name].fetch(self.target)
        copy = self.target / self.path.name
        if isinstance(self.subjects[name], transfers.NodeFetch) and name not in self.compared:
            assert filecmp.cmp(copy, self.path, shallow=False), f"{name}: the copy is not the original"
        self.compared.add(name)
        return result

    def alternate(self):
        return self.suite.alternate({name: lambda name=name: self.fetch(name) for name in self.subjects})


def rates(fetches, size):
    return [size / MB / fetch.seconds for fetch in fetches]


def state_rates(suite, case, results, size):
    """Rates beside the limit, and the node's over those of the rivals, round by round."""
    rate = {name: rates(fetches, size) for name, fetches in results.items()}
    limit = statistics.median(rate["limit"])
    for name, samples in rate.items():
        suite.row(case, name, "throughput", samples, "MB/s", limit=limit, goal="≥ 0.95" if name == "node" else None)
    for name, goal in GOALS.items():
        if name in rate:
            suite.row(case, f"node / {name}", "ratio", map(ratio, rate["node"], rate[name]), "", goal=goal)
    for name in (FROM_LIBTORRENT, TO_LIBTORRENT):
        if name in rate:
            suite.row(case, f"{name} / libtorrent", "ratio, 16 KiB requests", map(ratio, rate[name], rate["libtorrent v2"]),
                      "", goal="≥ 1.3")
    for name, fetches in results.items():
        suite.row(case, name, "CPU of the source", [fetch.source_cpu * GIB / size for fetch in fetches], "s/GiB")
        suite.row(case, name, "CPU of the downloader", [fetch.target_cpu * GIB / size for fetch in fetches], "s/GiB")
    suite.bar_plot(f"throughput-{case.lower()}", f"One source, one downloader, {case}, {size / GIB:g} GiB", "MB/s",
                   {name: statistics.median(samples) for name, samples in rate.items()})


def ratio(ours, theirs):
    return ours / theirs


def measure_ram(suite):
    size = SIZE // 2 if suite.quick else SIZE
    suite.require_space(suite.memory_directory, 2 * size + GIB // 4)
    kinds = dict(IN_RAM)
    if suite.quick:
        del kinds["libtorrent v1"], kinds["curl, then openssl"], kinds["aria2"]
    with Bench(suite, suite.memory_directory, size, kinds) as bench:
        results = bench.alternate()
        state_rates(suite, "RAM", results, size)
        suite.row("RAM", "node", "peak RSS of the downloader", [fetch.rss / MIB for fetch in results["node"]], "MiB",
                  goal="≤ 64 MiB")


def measure_disk(suite):
    size = SIZE // 2 if suite.quick else SIZE
    suite.require_space(suite.disk_directory, 2 * size + GIB // 4)
    kinds = {name: kind for name, kind in ON_DISK.items() if not suite.quick or not kind.rivals}
    with Bench(suite, suite.disk_directory, size, kinds) as bench:
        os.sync()  # the source is written, so that nothing but the copies goes to the disk
        state_rates(suite, "disk", bench.alternate(), size)


def measure_encrypted(suite):
    size = SIZE // 2 if suite.quick else SIZE
    suite.require_space(suite.memory_directory, 2 * size + GIB // 4)
    kinds = {name: kind for name, kind in ENCRYPTED.items() if not suite.quick or not kind.rivals}
    with Bench(suite, suite.memory_directory, size, kinds) as bench:
        results = bench.alternate()
    rate = {name: rates(fetches, size) for name, fetches in results.items()}
    limit = statistics.median(rate[ENCRYPTED_LIMIT])
    for name, samples in rate.items():
        suite.row("RAM, TLS", name, "throughput", samples, "MB/s", limit=limit,
                  goal="≥ 0.9" if name == ENCRYPTED_NODE else None)
    for name, goal in ENCRYPTED_GOALS.items():
        if name in rate:
            suite.row("RAM, TLS", f"node / {name}", "ratio", map(ratio, rate[ENCRYPTED_NODE], rate[name]), "", goal=goal)
    for name, fetches in results.items():
        suite.row("RAM, TLS", name, "CPU of the source", [fetch.source_cpu * GIB / size for fetch in fetches], "s/GiB")
        suite.row("RAM, TLS", name, "CPU of the downloader", [fetch.target_cpu * GIB / size for fetch in fetches], "s/GiB")


def measure_latency(suite):
    """A small file, for which waiting counts: packets say when payload begins and ends."""
    if os.geteuid() != 0:
        suite.say("start and end are not measured: run tools/bench as root, it listens to packets")
        return
    size = 64 * MIB
    kinds = {name: kind for name, kind in LATENCY.items() if not suite.quick or not kind.rivals}
    with Bench(suite, suite.memory_directory, size, kinds) as bench:
        def fetch(name):
            with Capture(bench.subjects[name].port) as capture:
                result = bench.fetch(name)
            if capture.passed(size) is None:
                raise Problem(f"the packets of {name} were not all seen: run it again when the machine is quiet")
            return (1000 * (capture.passed(FIRST_BYTES) - result.begun),
                    1000 * (result.ended - capture.last(LAST_SEGMENT_BYTES)))
        results = suite.alternate({name: lambda name=name: fetch(name) for name in bench.subjects})
    for name, pairs in results.items():
        goal = "≤ 50 ms" if name.startswith("node") else None
        suite.row("64 MiB, RAM", name, "start to first payload", [start for start, _ in pairs], "ms", goal=goal)
        suite.row("64 MiB, RAM", name, "last payload to exit", [end for _, end in pairs], "ms", goal=goal)


def measure_memory(suite):
    """10 GiB from RAM to disk. The source has a different page in each MiB and holes between, so it takes little RAM."""
    size = 10 * GIB
    suite.require_space(suite.disk_directory, size + GIB)
    with suite.directory(suite.disk_directory) as target, suite.directory() as root, suite.nodes(root) as nodes:
        path = root / "source/large.bin"
        path.parent.mkdir()
        with open(path, "wb") as out:
            out.truncate(size)
            for number in range(size // MIB):
                os.pwrite(out.fileno(), number.to_bytes(8, "big") * 512, number * MIB)
        transfer = transfers.NodeToNode("node", nodes, path)
        result = suite.alternate({"node": lambda: transfer.fetch(target)}, repeats=1)["node"][0]
        assert pathlib.Path(target / path.name).stat().st_size == size, "the copy is not complete"
    suite.row("10 GiB", "node", "peak RSS of the downloader", [result.rss / MIB], "MiB", goal="≤ 64 MiB")
    suite.line_plot("memory", "Memory of the downloader while it fetches 10 GiB", "seconds", "RSS, MiB",
                    {"node": [(seconds, rss / MIB) for seconds, rss in result.rss_course]})


def run(suite):
    suite.require_file(transfers.Limit.program)
    measure_ram(suite)
    measure_encrypted(suite)
    measure_disk(suite)
    measure_latency(suite)
    if not suite.quick:
        measure_memory(suite)
