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
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "integration")]

import harness
from node_swarm import MIB, NodeSwarm, check_copies, random_file
from swarm_host import FRAME_BYTES, PAYLOAD_BYTES, Network, why_not

NAME = "speedup"
TITLE = "Parallel speedup: k sources, one downloader"
UP = 50
COUNTS = (1, 2, 4, 8, 16)
GOAL = 0.97


def wire_seconds(size, sources, up=UP):
    """What the links need for it: full frames without a pause."""
    return size * FRAME_BYTES / PAYLOAD_BYTES / (sources * up * 1e6 / 8)


def run_node(directory, path, sources, up=UP, log_level="info", keep=None):
    size = path.stat().st_size
    directory = pathlib.Path(tempfile.mkdtemp(prefix="speedup-", dir=directory))
    try:
        with Network([(None, None)] + [(up, None)] * sources + [(None, None)]) as network:
            swarm = NodeSwarm(network, directory, sources, log_level)
            swarm.prepare([path] * sources)
            swarm.start()
            seconds, = swarm.wait(10 * wire_seconds(size, sources, up) + 30)
            check_copies(path, swarm.copies(path))
    finally:
        if keep:
            shutil.copytree(directory, keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("leecher0", "*.state"))
        shutil.rmtree(directory, ignore_errors=True)
    return {"seconds": seconds, "of_wire": seconds / wire_seconds(size, sources, up),
            "duplicate": swarm.total("bytes_duplicate") / size, "stolen": swarm.total("chunks_stolen"),
            "requeued": swarm.total("chunks_requeued")}


def run(suite):
    if why_not():
        suite.say(f"skipped: {why_not()}")
        return
    harness.NODE = str(suite.node)
    size = (16 if suite.quick else 128) * MIB
    counts = (1, 4, 8) if suite.quick else COUNTS
    path = random_file(pathlib.Path(suite.memory_directory) / "file.bin", size)
    subjects = {"node": run_node}
    one = {}
    curves = {name: [] for name in subjects}
    for k in counts:
        calls = {name: lambda call=call, k=k: call(suite.memory_directory, path, k) for name, call in subjects.items()}
        for subject, runs in suite.alternate(calls).items():
            seconds = [each["seconds"] for each in runs]
            one.setdefault(subject, statistics.median(seconds))
            speedups = [one[subject] / each for each in seconds]
            suite.row(f"k = {k}", subject, "time", seconds, "s", limit=wire_seconds(size, k))
            if k > 1:
                goal = f"≥ {GOAL}" if subject == "node" and not suite.quick else None
                suite.row(f"k = {k}", subject, "speedup", speedups, "x", limit=k, goal=goal)
            curves[subject].append((k, statistics.median(speedups)))
    suite.line_plot("speedup", "Speedup over one source", "sources", "speedup", curves, ideal=[(k, k) for k in counts])
    path.unlink()


def main():
    parser = argparse.ArgumentParser(description="Downloads from K sources by this project's peers; prints each run.")
    parser.add_argument("sources", type=int, nargs="+", metavar="K")
    parser.add_argument("--mib", type=int, default=128)
    parser.add_argument("--up", type=float, default=UP, help="Mbit/s of each source")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--node", default=str(HERE.parent / "build" / "release" / "node"))
    parser.add_argument("--log-level", default="info")
    parser.add_argument("--keep", metavar="DIR", help="leave the logs there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if why_not():
        sys.exit(f"speedup: {why_not()}")
    harness.NODE = os.path.abspath(options.node)
    with tempfile.TemporaryDirectory(prefix="shoal-speedup-", dir="/dev/shm") as directory:
        path = random_file(pathlib.Path(directory) / "file.bin", options.mib * MIB)
        for sources in options.sources * options.runs:
            result = run_node(directory, path, sources, options.up, options.log_level, options.keep)
            print(f"k {sources:2}  " + json.dumps({name: round(value, 4) for name, value in result.items()}), flush=True)


if __name__ == "__main__":
    main()
