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

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "integration")]

import harness
import machine
from node_swarm import MIB, NodeSwarm, check_copies, random_file
from rival_swarms import Aria2Swarm, LibtorrentSwarm
from swarm_host import FRAME_BYTES, PAYLOAD_BYTES, Network, why_not

NAME = "swarm"
TITLE = "Flash crowd: one seeder, N leechers that start together"
UP = 40
DOWN = 160
RIVALS = {"libtorrent": LibtorrentSwarm, "aria2": Aria2Swarm}
GOAL_AT = (8, 16)
# Small crowds leave the machine idle, and take as long as large ones: so many of them run at the same time.
SMALL = (4, 8)
AT_ONCE = 6


def bound_seconds(size, links):
    """`links` are (up, down) in Mbit/s, the seeder's first."""
    (seeder_up, _), *leechers = links
    slowest = min(seeder_up, *(down for _, down in leechers), sum(up for up, _ in links) / len(leechers))
    return size / (slowest * 1e6 / 8)


class NodeCrowd(NodeSwarm):
    def prepare(self, path):
        super().prepare([path])

    def run(self, seconds):
        self.start()
        return self.wait(seconds)

    def figures(self):
        return {"seeder_payload": self.sources[0].control.call("status")["bytes_uploaded"],
                "duplicate": self.total("bytes_duplicate"), "stolen": self.total("chunks_stolen"),
                "requeued": self.total("chunks_requeued")}


def run_crowd(crowd_of, directory, path, links):
    """One run in a network of its own. `crowd_of(network, directory)` starts a subject; `links` as in bound_seconds()."""
    size = path.stat().st_size
    leechers = len(links) - 1
    bound = bound_seconds(size, links)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="swarm-", dir=directory))
    try:
        with Network([(None, None), *links]) as network:
            crowd = crowd_of(network, directory)
            crowd.prepare(path)
            machine.warm_memory((leechers + 1) * size)
            before = network.hosts[1].sent_bytes()
            times = sorted(crowd.run(10 * bound + 30))
            sent = network.hosts[1].sent_bytes() - before
            figures = crowd.figures()
            check_copies(path, crowd.copies(path))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return {"first": times[0] / bound, "median": statistics.median(times) / bound, "last": times[-1] / bound,
            "seeder": sent * PAYLOAD_BYTES / FRAME_BYTES / size, "seconds": times[-1], "times": times, **figures}


def describe(result, size):
    parts = [f"first {result['first']:.3f}  median {result['median']:.3f}  last {result['last']:.3f} x bound "
             f"({result['seconds']:.2f} s)  seeder sent {result['seeder']:.3f} F"]
    parts += [f"{name} {result[name] / size:.4f} F" for name in ("seeder_payload", "duplicate") if name in result]
    parts += [f"{name} {result[name]}" for name in ("stolen", "requeued") if name in result]
    return "  ".join(parts)


def run(suite):
    if why_not():
        suite.say(f"skipped: {why_not()}")
        return
    harness.NODE = str(suite.node)
    size = (16 if suite.quick else 64) * MIB
    path = random_file(pathlib.Path(suite.memory_directory) / "file.bin", size)
    installed = {rival.name for rival in suite.available(*([] if suite.quick else RIVALS))}
    crowds = {"node": NodeCrowd, **{name: crowd for name, crowd in RIVALS.items() if name in installed}}
    lasts = {name: [] for name in crowds}

    def calls(leechers):
        return {(name, leechers): lambda crowd=crowd: run_crowd(crowd, suite.memory_directory, path,
                                                                    [(UP, DOWN)] * (1 + leechers))
                for name, crowd in crowds.items()}

    def state(found):
        for (name, leechers), runs in found.items():
            state_rows(suite, name, leechers, runs, size, lasts)

    small = {}
    for leechers in SMALL[:1] if suite.quick else SMALL:
        small |= calls(leechers)
    # Rivals are far from the bound and take longer.
    state(suite.side_by_side(small, AT_ONCE, once=[key for key in small if key[0] != "node"]))
    if not suite.quick:
        large = calls(16)
        state(suite.alternate({("node", 16): large.pop(("node", 16))}))
        if large:
            state(suite.side_by_side(large, len(large), repeats=1))
    suite.line_plot("swarm", "Last of N leechers over the fluid bound", "leechers", "time / bound", lasts)
    path.unlink()


def state_rows(suite, subject, leechers, runs, size, lasts):
    case = f"N = {leechers}"
    ours = subject == "node"
    goals = {}
    if ours and leechers in GOAL_AT:
        goals["last"] = "≤ 1.12"
    if ours and leechers == 16:
        goals |= {"spread": "≤ 1.03", "seeder": "≤ 1.10"}
    for metric in ("first", "median", "last"):
        suite.row(case, subject, f"{metric} leecher / bound", [one[metric] for one in runs], "x",
                  goal=goals.get(metric))
    suite.row(case, subject, "last / median", [one["last"] / one["median"] for one in runs], "x",
              goal=goals.get("spread"))
    suite.row(case, subject, "seeder sent / file", [one["seeder"] for one in runs], "x", goal=goals.get("seeder"))
    if ours:
        suite.row(case, subject, "duplicates / all received", [one["duplicate"] / size / leechers for one in runs], "x")
    lasts[subject].append((leechers, statistics.median(one["last"] for one in runs)))


def main():
    parser = argparse.ArgumentParser(description="Flash crowds; prints each run.")
    parser.add_argument("--leechers", type=int, default=16)
    parser.add_argument("--mib", type=int, default=64)
    parser.add_argument("--up", type=float, default=UP, help="Mbit/s of each")
    parser.add_argument("--down", type=float, default=DOWN)
    parser.add_argument("--subject", choices=["node", *RIVALS], default="node")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--node", default=str(HERE.parent / "build" / "release" / "node"))
    parser.add_argument("--log-level", default="info")
    parser.add_argument("--keep", metavar="DIR", help="leave the logs there")
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
                network.addCleanup(keep_logs, where, options.keep)
            if options.subject != "node":
                return RIVALS[options.subject](network, where)
            return NodeCrowd(network, where, log_level=options.log_level)

        for _ in range(options.runs):
            result = run_crowd(crowd_of, directory, path, [(options.up, options.down)] * (1 + options.leechers))
            print(json.dumps(result) if options.json else describe(result, path.stat().st_size), flush=True)


def keep_logs(directory, target):
    os.makedirs(target, exist_ok=True)
    for log in directory.glob("*.log"):
        shutil.copy(log, target)


if __name__ == "__main__":
    main()
