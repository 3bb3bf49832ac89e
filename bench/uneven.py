"""Sources whose links differ, or come and go: one downloader without a limit.

The yardstick is F over what the links together carry at nominal rates; where links change, over the capacity that there
was. TCP over Ethernet carries 1448 bytes of payload in a frame of 1514, so nobody gets below 1.046 of it. Whoever leaves
the last piece with a slow source shows it at the end. A run that takes more than 6 times the bound is stopped, and its
row says so. Alone: `/usr/bin/python3 bench/uneven.py --help`, as root.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "integration")]

import harness
import link_plan
import machine
from node_swarm import MIB, check_copies, random_file
from rival_swarms import LibtorrentSwarm
from speedup import NodeSources
from swarm_host import FRAME_BYTES, PAYLOAD_BYTES, Network, why_not

NAME = "uneven"
TITLE = "Uneven sources: links that differ, change, or come and go"
STOPPED_AT = 6
SAMPLE_SECONDS = 0.25
SUBJECTS = {"node": NodeSources, "libtorrent": LibtorrentSwarm}


class Course:
    """What each source sends, a few times a second: `rates` is {source: [(seconds, Mbit/s)]}."""

    def __init__(self, network, sources):
        self._network, self._sources = network, sources
        self._rows = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._ended.wait(SAMPLE_SECONDS):
            self._rows.append((time.monotonic(), self._network.sent_bytes(self._sources)))

    def end(self):
        self._ended.set()
        self._thread.join()

    def rates(self, names, begun):
        lines = {name: [] for name in names}
        for (before, sent_before), (now, sent) in zip(self._rows, self._rows[1:]):
            for name, first, last in zip(names, sent_before, sent):
                lines[name].append(((before + now) / 2 - begun, (last - first) * 8e-6 / (now - before)))
        return lines


def run_plan(swarm_of, directory, path, plan, with_course=False):
    """One download in a network of its own. `swarm_of(network, directory, sources)` starts a subject."""
    size = path.stat().st_size
    count = len(plan.nominal)
    round_mbit = sum(sum(rates) for _, rates in plan.phases) / len(plan.phases)
    limit = STOPPED_AT * size * 8e-6 / round_mbit
    directory = pathlib.Path(tempfile.mkdtemp(prefix="uneven-", dir=directory))
    result = {"stopped": False}
    try:
        with Network([(None, None)] + [(up, None) for up in plan.nominal] + [(None, None)]) as network:
            swarm = swarm_of(network, directory, count)
            swarm.prepare(path)
            machine.warm_memory(2 * size)
            sources = network.hosts[1:1 + count]
            before = network.sent_bytes(sources)
            begun = time.monotonic()
            course = Course(network, sources) if with_course else None
            plan.start(network, sources)
            try:
                result["seconds"], = swarm.run(limit)
            except TimeoutError:
                result.update(seconds=limit, stopped=True)
            finally:
                plan.end()
                if course:
                    course.end()
            result["bound"] = plan.bound_seconds(size, begun)
            result["of_bound"] = result["seconds"] / result["bound"]
            result["sent"] = [round((after - first) * PAYLOAD_BYTES / FRAME_BYTES / size, 4)
                              for first, after in zip(before, network.sent_bytes(sources))]
            if course:
                names = [f"{up:g} Mbit/s ({chr(ord('A') + i)})" for i, up in enumerate(plan.nominal)]
                result["course"] = course.rates(names, begun)
            if not result["stopped"]:
                check_copies(path, swarm.copies(path))
                result.update(swarm.figures())
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return result


def describe(result):
    shown = {name: round(value, 4) if isinstance(value, float) else value for name, value in result.items()}
    return json.dumps(shown)


def options():
    parser = argparse.ArgumentParser(description="Downloads from uneven sources; prints each run.")
    parser.add_argument("--mix", type=link_plan.parse_rates, metavar="RATES", help="Mbit/s of the sources, as 100,1x7")
    parser.add_argument("--flap", nargs="?", const="A2,B2", metavar="PATTERN",
                        help="cables come out in turn, default A2,B2; A2,-2,B2,-2 has all in for 2 s between")
    parser.add_argument("--swap", nargs="?", const=3.0, type=float, metavar="SECONDS", help="sources swap their rates")
    parser.add_argument("--mib", type=int)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--subject", choices=SUBJECTS, default="node")
    parser.add_argument("--node", default=str(HERE.parent / "build" / "release" / "node"))
    parser.add_argument("--course", action="store_true", help="also what each source sent over time")
    parser.add_argument("--log-level", default="info")
    parser.add_argument("--keep", metavar="DIR", help="leave the logs of the nodes there")
    return parser.parse_args()


def main():
    given = options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if why_not():
        sys.exit(f"uneven: {why_not()}")
    harness.NODE = os.path.abspath(given.node)

    def plan():
        if given.flap:
            return link_plan.flapping(given.mix or [20, 20], given.flap)
        if given.swap:
            return link_plan.swapping(given.mix or [40, 2], given.swap)
        return link_plan.steady(given.mix or link_plan.parse_rates("100,1x7"))

    def swarm_of(network, directory, sources):
        if given.keep:
            network.addCleanup(keep_logs, directory, given.keep)
        if given.subject == "node":
            return NodeSources(network, directory, sources, given.log_level)
        return SUBJECTS[given.subject](network, directory, sources)

    with tempfile.TemporaryDirectory(prefix="shoal-uneven-", dir="/dev/shm") as directory:
        mib = given.mib or (48 if given.flap or given.swap else 64)
        path = random_file(pathlib.Path(directory) / "file.bin", mib * MIB)
        for _ in range(given.runs):
            print(describe(run_plan(swarm_of, directory, path, plan(), given.course)), flush=True)


def keep_logs(directory, target):
    os.makedirs(target, exist_ok=True)
    for log in directory.glob("*.log"):
        shutil.copy(log, target)


if __name__ == "__main__":
    main()
