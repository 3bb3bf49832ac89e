"""Flash crowd: one seeder, N leechers that start at the same moment, every link limited.

The yardstick is the fluid bound max(F/u_s, F/d_min, N·F/(u_s+ΣU)) at nominal rates: a seeder has to send the file once,
everybody has to receive it once, and all uplinks together have to carry N copies. TCP over Ethernet carries 1448 bytes of
payload in a frame of 1514, so nobody gets below 1.046 of it. Alone: `/usr/bin/python3 bench/swarm.py --help`, as root.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "integration")]

import harness  # noqa: E402
from control import Control, results  # noqa: E402
from swarm_host import FRAME_BYTES, PAYLOAD_BYTES, Network, why_not  # noqa: E402

NAME = "swarm"
TITLE = "Flash crowd: one seeder, N leechers that start together"
UP = 40
DOWN = 160
MIB = 1 << 20


def bound_seconds(size, leechers, up, down):
    rate = 1e6 / 8
    return max(size / (up * rate), size / (down * rate), leechers * size / ((1 + leechers) * up * rate))


def random_file(path, size):
    with open(path, "wb") as out:
        for _ in range(0, size, MIB):
            out.write(os.urandom(min(MIB, size - out.tell())))
    return path


class NodeCrowd:
    """Our peers: all run and know each other from the tracker before the clock starts."""

    def __init__(self, network, directory, log_level="info"):
        tracker, seeder, *leechers = network.hosts
        self.network = network
        self.directory = directory
        options = ["--log-level", log_level]
        listen = ["--listen", f"{tracker.address}:7000"]
        self.tracker = harness.Process(tracker, ["tracker", *listen, *options], directory / "tracker.log")
        self.seeder = self._peer(seeder, "seeder", options)
        self.leechers = [self._peer(host, f"leecher{i}", options) for i, host in enumerate(leechers)]

    def _peer(self, host, name, options):
        peer = harness.Peer(host, name, self.directory, "--listen", f"{host.address}:7000", "--tracker",
                            f"{self.network.hosts[0].address}:7000", *options)
        peer.control = Control(peer)
        self.network.addCleanup(peer.control.close)
        return peer

    def prepare(self, path):
        self.share = self.seeder.control.call("add", paths=[str(path)])[0]["id"]
        everybody = 1 + len(self.leechers)
        for peer in self.leechers:
            harness.wait_for(lambda peer=peer: self._sees_all(peer, everybody), f"{peer.name} sees everybody", every=0.02)

    def _sees_all(self, peer, count):
        listed = any(row["id"] == self.share and row["seeders"] == 1 for row in peer.control.call("list"))
        return listed and len(peer.control.call("peers")) == count

    def run(self, seconds):
        """Seconds from the common start to each leecher's end, and what the rows say of the whole."""
        started = time.monotonic()
        for peer in self.leechers:
            peer.control.send("download", what=self.share)
        rows = results([peer.control for peer in self.leechers], seconds)
        self.rows = [rows[peer.control][0] for peer in self.leechers]
        return [peer.control.answered - started for peer in self.leechers]

    def copies(self, path):
        return [peer.dir / path.name for peer in self.leechers]

    def figures(self):
        seeder = self.seeder.control.call("status")
        return {"seeder_payload": seeder["bytes_uploaded"],
                "duplicate": sum(row["bytes_duplicate"] for row in self.rows),
                "stolen": sum(row["chunks_stolen"] for row in self.rows),
                "requeued": sum(row["chunks_requeued"] for row in self.rows)}


def run_crowd(crowd_of, directory, path, leechers, up, down):
    """One run in a network of its own. `crowd_of(network, directory)` starts a subject."""
    size = path.stat().st_size
    bound = bound_seconds(size, leechers, up, down)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="swarm-", dir=directory))
    try:
        with Network([(None, None)] + [(up, down)] * (1 + leechers)) as network:
            crowd = crowd_of(network, directory)
            crowd.prepare(path)
            before = network.hosts[1].sent_bytes()
            times = sorted(crowd.run(10 * bound + 30))
            sent = network.hosts[1].sent_bytes() - before
            figures = crowd.figures()
            expected = harness.digest(path)
            wrong = [str(copy) for copy in crowd.copies(path) if harness.digest(copy) != expected]
            if wrong:
                raise RuntimeError(f"wrong content: {wrong}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return {"first": times[0] / bound, "median": statistics.median(times) / bound, "last": times[-1] / bound,
            "seeder": sent * PAYLOAD_BYTES / FRAME_BYTES / size, "seconds": times[-1], "times": times, **figures}


def describe(result, size):
    return (f"first {result['first']:.3f}  median {result['median']:.3f}  last {result['last']:.3f} x bound "
            f"({result['seconds']:.2f} s)  seeder sent {result['seeder']:.3f} F  " +
            "  ".join(f"{name} {result[name] / size:.4f} F" for name in ("seeder_payload", "duplicate")
                      if name in result) +
            "  " + "  ".join(f"{name} {result[name]}" for name in ("stolen", "requeued") if name in result))


def run(suite):
    why = why_not()
    if why:
        suite.say(f"skipped: {why}")
        return
    harness.NODE = str(suite.node)
    size = (16 if suite.quick else 64) * MIB
    path = random_file(pathlib.Path(suite.memory_directory) / "file.bin", size)
    crowds = {"node": NodeCrowd}
    lasts = {name: [] for name in crowds}
    for leechers in ([4] if suite.quick else [4, 8, 16]):
        case = f"N = {leechers}"
        subjects = {name: lambda crowd=crowd, n=leechers: run_crowd(crowd, suite.memory_directory, path, n, UP, DOWN)
                    for name, crowd in crowds.items()}
        for subject, runs in suite.alternate(subjects, 1 if suite.quick else 3).items():
            ours = subject == "node"
            strict = ours and leechers in (8, 16)
            for metric in ("first", "median", "last"):
                suite.row(case, subject, f"{metric} leecher / bound", [one[metric] for one in runs], "x",
                          goal="≤ 1.12" if strict and metric == "last" else None)
            suite.row(case, subject, "last / median", [one["last"] / one["median"] for one in runs], "x",
                      goal="≤ 1.03" if ours and leechers == 16 else None)
            suite.row(case, subject, "seeder sent", [one["seeder"] for one in runs], "F",
                      goal="≤ 1.10" if ours and leechers == 16 else None)
            if ours:
                suite.row(case, subject, "duplicate bytes", [one["duplicate"] / size for one in runs], "F")
            lasts[subject].append((leechers, statistics.median(one["last"] for one in runs)))
    suite.line_plot("swarm", "Last of N leechers over the fluid bound", "leechers", "time / bound", lasts, ideal=1.0)
    path.unlink()


def main():
    parser = argparse.ArgumentParser(description="One or more flash crowds of this project's peers; prints each run.")
    parser.add_argument("--leechers", type=int, default=16)
    parser.add_argument("--mib", type=int, default=64)
    parser.add_argument("--up", type=float, default=UP, help="Mbit/s of each")
    parser.add_argument("--down", type=float, default=DOWN)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--node", default=str(HERE.parent / "build" / "release" / "node"))
    parser.add_argument("--log-level", default="info")
    parser.add_argument("--keep", help="copy logs into this directory")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if why_not():
        sys.exit(f"swarm: {why_not()}")
    harness.NODE = os.path.abspath(options.node)
    with tempfile.TemporaryDirectory(prefix="shoal-swarm-", dir="/dev/shm") as directory:
        path = random_file(pathlib.Path(directory) / "file.bin", options.mib * MIB)

        def crowd_of(network, where):
            if options.keep:
                network.addCleanup(shutil.copytree, where, options.keep, dirs_exist_ok=True,
                                   ignore=lambda folder, names: [one for one in names if not one.endswith(".log") and
                                                                 folder == str(where)])
            return NodeCrowd(network, where, options.log_level)

        for _ in range(options.runs):
            result = run_crowd(crowd_of, directory, path, options.leechers, options.up, options.down)
            print(json.dumps(result) if options.json else describe(result, path.stat().st_size), flush=True)


if __name__ == "__main__":
    main()
