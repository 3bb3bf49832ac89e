"""Parallel speedup: one downloader without limits, k sources of 50 Mbit/s each; time with one source over time with k.

k sources can do no more than k times what one does. Alone: `/usr/bin/python3 bench/speedup.py 16 --help`, as root.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "integration")]

import harness
import machine
from node_swarm import MIB, NodeSwarm, check_copies, random_file
from rival_swarms import HttpSwarm, LibtorrentSwarm
from swarm_host import FRAME_BYTES, PAYLOAD_BYTES, Network, why_not

NAME = "speedup"
TITLE = "Parallel speedup: k sources, one downloader"
UP = 50
COUNTS = (1, 2, 4, 8, 16)
GOAL = 0.97
PRIVATE = "node, private swarm"
PRIVATE_COUNTS = (1, 16)  # the least and the most say enough
# Few slow sources leave the machine idle, and take long: so many runs go on at the same time, otherwise one.
AT_ONCE = {1: 12, 2: 9, 4: 5, 8: 2}


def wire_seconds(size, sources, up=UP):
    """What the links need for it: full frames without a pause."""
    return size * FRAME_BYTES / PAYLOAD_BYTES / (sources * up * 1e6 / 8)


class NodeSources(NodeSwarm):
    def prepare(self, path):
        super().prepare([path] * len(self.sources))

    def run(self, seconds):
        self.start()
        return self.wait(seconds)

    def figures(self):
        return {name: self.total(name) for name in ("bytes_duplicate", "chunks_stolen", "chunks_requeued")}


class PrivateSources(NodeSources):
    """As NodeSources, in a private swarm."""

    def key(self):
        path = self.directory / "swarm.key"
        subprocess.run([harness.NODE, "keygen", path], check=True, capture_output=True)
        return "--key", path


NODES = {"node": NodeSources, PRIVATE: PrivateSources}
RIVALS = {"libtorrent": (LibtorrentSwarm, ["libtorrent"]), "aria2 (HTTP)": (HttpSwarm, ["aria2", "nginx"])}


def run_sources(swarm_of, directory, path, sources, up=UP):
    """One download in a network of its own. `swarm_of(network, directory, sources)` starts a subject."""
    size = path.stat().st_size
    wire = wire_seconds(size, sources, up)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="speedup-", dir=directory))
    # nginx drops root's rights before it reads.
    directory.chmod(0o755)
    try:
        with Network([(None, None)] + [(up, None)] * sources + [(None, None)]) as network:
            swarm = swarm_of(network, directory, sources)
            swarm.prepare(path)
            machine.warm_memory(2 * size)
            seconds, = swarm.run(10 * wire + 30)
            check_copies(path, swarm.copies(path))
            return {"seconds": seconds, "of_wire": seconds / wire, **swarm.figures()}
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def run(suite):
    if why_not():
        suite.say(f"skipped: {why_not()}")
        return
    harness.NODE = str(suite.node)
    size = (16 if suite.quick else 128) * MIB
    counts = (1, 4, 8) if suite.quick else COUNTS
    path = random_file(pathlib.Path(suite.memory_directory) / "file.bin", size)
    path.parent.chmod(0o755)
    subjects = {"node": NodeSources}
    if not suite.quick:
        subjects[PRIVATE] = PrivateSources
        for name, (swarm, programs) in RIVALS.items():
            if len(suite.available(*programs)) == len(programs):
                subjects[name] = swarm
    one = {}
    curves = {name: [] for name in subjects}
    for k in counts:
        calls = {name: lambda swarm=swarm, k=k: run_sources(swarm, suite.memory_directory, path, k)
                 for name, swarm in subjects.items() if name != PRIVATE or k in PRIVATE_COUNTS}
        together = suite.side_by_side(calls, AT_ONCE[k]) if k in AT_ONCE else suite.alternate(calls)
        for subject, runs in together.items():
            seconds = [each["seconds"] for each in runs]
            one.setdefault(subject, statistics.median(seconds))
            speedups = [one[subject] / each for each in seconds]
            suite.row(f"k = {k}", subject, "time", seconds, "s", limit=wire_seconds(size, k))
            if k > 1:
                goal = f"≥ {GOAL}" if subject in NODES and not suite.quick else None
                suite.row(f"k = {k}", subject, "speedup", speedups, "x", limit=k, goal=goal)
            curves[subject].append((k, statistics.median(speedups)))
    suite.line_plot("speedup", "Speedup over one source", "sources", "speedup", curves, ideal=[(k, k) for k in counts])
    path.unlink()


def main():
    parser = argparse.ArgumentParser(description="Downloads from K sources; prints each run.")
    parser.add_argument("sources", type=int, nargs="+", metavar="K")
    parser.add_argument("--mib", type=int, default=128)
    parser.add_argument("--up", type=float, default=UP, help="Mbit/s of each source")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--node", default=str(HERE.parent / "build" / "release" / "node"))
    parser.add_argument("--subject", choices=[*NODES, *RIVALS], default="node")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if why_not():
        sys.exit(f"speedup: {why_not()}")
    harness.NODE = os.path.abspath(options.node)
    with tempfile.TemporaryDirectory(prefix="shoal-speedup-", dir="/dev/shm") as directory:
        path = random_file(pathlib.Path(directory) / "file.bin", options.mib * MIB)
        path.parent.chmod(0o755)
        swarm_of = RIVALS[options.subject][0] if options.subject in RIVALS else NODES[options.subject]
        for sources in options.sources * options.runs:
            result = run_sources(swarm_of, directory, path, sources, options.up)
            print(f"k {sources:2}  " + json.dumps({name: round(value, 4) for name, value in result.items()}), flush=True)


if __name__ == "__main__":
    main()
