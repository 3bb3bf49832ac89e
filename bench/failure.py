"""Eight sources of 50 Mbit/s, and at 40 % of the download something happens to some of them.

  killed   four of them die (SIGKILL)
  silent   four of them fall silent: the cable is out, nobody resets anything
  slow     one turns 20 times slower
  corrupt  one sends wrong bytes from now on: its file changes through a mapping, which leaves no trace in its times

The yardstick is the ideal re-plan: what is missing when it happens, over what the links of the good sources carry from
then on, in full frames (1448 bytes of payload in 1514). The good ones are those that are not dead, silent or lying.
Alone: `/usr/bin/python3 bench/failure.py killed --help`, as root.
"""
import argparse
import json
import mmap
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "integration")]

import harness
import machine
from control import Control
from node_swarm import MIB, NodeSwarm, check_copies, random_file
from swarm_host import FRAME_BYTES, PAYLOAD_BYTES, Network, why_not

NAME = "failure"
TITLE = "Eight sources, and some fail at 40 %"
SOURCES = 8
UP = 50
SLOWER = 20
AT = 0.4
# Runs that go on at the same time: one leaves most of the machine idle.
AT_ONCE = 3
GOALS = {"killed": 1.05, "silent": 1.10, "slow": 1.05, "corrupt": 1.05}


def kill_half(swarm):
    for source in swarm.sources[:SOURCES // 2]:
        source.signal(signal.SIGKILL)
    return UP * (SOURCES - SOURCES // 2)


def silence_half(swarm):
    swarm.network.set_links([source.host for source in swarm.sources[:SOURCES // 2]], up=False)
    return UP * (SOURCES - SOURCES // 2)


def slow_one(swarm):
    swarm.sources[0].host.set_rate(up=UP / SLOWER)
    return UP * (SOURCES - 1) + UP / SLOWER


def corrupt_one(swarm):
    for begin in range(0, len(swarm.mapping), mmap.PAGESIZE):
        swarm.mapping[begin] ^= 0xFF
    return UP * (SOURCES - 1)


def own_copy(swarm, path):
    """The file of the source that may come to lie, mapped with all pages writable already: see the head."""
    own = swarm.directory / "own" / path.name
    own.parent.mkdir()
    shutil.copyfile(path, own)
    with open(own, "r+b") as file:
        swarm.mapping = mmap.mmap(file.fileno(), 0)
    for begin in range(0, len(swarm.mapping), mmap.PAGESIZE):
        swarm.mapping[begin] = swarm.mapping[begin]
    return own


EVENTS = {"none": None, "killed": kill_half, "silent": silence_half, "slow": slow_one, "corrupt": corrupt_one}


def run_event(event, directory, path, at=AT, log_level="info", keep=None):
    size = path.stat().st_size
    directory = pathlib.Path(tempfile.mkdtemp(prefix="failure-", dir=directory))
    try:
        with Network([(None, None)] + [(UP, None)] * SOURCES + [(None, None)]) as network:
            swarm = NodeSwarm(network, directory, SOURCES, log_level)
            swarm.prepare([own_copy(swarm, path)] + [path] * (SOURCES - 1))
            machine.warm_memory(2 * size)
            watch = Control(swarm.leechers[0])
            network.addCleanup(watch.close)
            swarm.start()
            received = 0
            while received < at * size:
                time.sleep(0.002)
                received = watch.call("status")["bytes_downloaded"]
            capacity = EVENTS[event](swarm) if EVENTS[event] else UP * SOURCES
            status = watch.call("status")
            happened = time.monotonic()
            missing = size - status["bytes_downloaded"] + status["downloads"][0]["bytes_duplicate"]
            seconds, = swarm.wait(120)
            check_copies(path, swarm.copies(path))
    finally:
        if keep:
            shutil.copytree(directory, keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("leecher0", "*.state", "own"))
        shutil.rmtree(directory, ignore_errors=True)
    ideal = missing * FRAME_BYTES / PAYLOAD_BYTES / (capacity * 1e6 / 8)
    after = swarm.started + seconds - happened
    return {"over_ideal": after / ideal, "after": after, "ideal": ideal, "seconds": seconds,
            **{name: swarm.total(name) for name in ("bytes_duplicate", "bytes_failed", "chunks_stolen",
                                                    "chunks_requeued")}}


def run(suite):
    if why_not():
        suite.say(f"skipped: {why_not()}")
        return
    harness.NODE = str(suite.node)
    path = random_file(pathlib.Path(suite.memory_directory) / "file.bin", (32 if suite.quick else 128) * MIB)
    calls = {event: lambda event=event: run_event(event, suite.memory_directory, path) for event in GOALS}
    for event, runs in suite.side_by_side(calls, AT_ONCE).items():
        suite.row(event, "node", "time after it / ideal re-plan", [each["over_ideal"] for each in runs], "x",
                  goal=f"≤ {GOALS[event]:.2f}")
    path.unlink()


def main():
    parser = argparse.ArgumentParser(description="Downloads from sources of which some fail; prints each run.")
    parser.add_argument("events", nargs="+", choices=EVENTS, metavar="EVENT", help=", ".join(EVENTS))
    parser.add_argument("--mib", type=int, default=128)
    parser.add_argument("--at", type=float, default=AT, help="when, as a share of the download")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--node", default=str(HERE.parent / "build" / "release" / "node"))
    parser.add_argument("--log-level", default="info")
    parser.add_argument("--keep", metavar="DIR", help="leave the logs there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if why_not():
        sys.exit(f"failure: {why_not()}")
    harness.NODE = os.path.abspath(options.node)
    with tempfile.TemporaryDirectory(prefix="shoal-failure-", dir="/dev/shm") as directory:
        path = random_file(pathlib.Path(directory) / "file.bin", options.mib * MIB)
        for event in options.events * options.runs:
            result = run_event(event, directory, path, options.at, options.log_level, options.keep)
            print(f"{event:8}" + json.dumps({name: round(value, 4) for name, value in result.items()}), flush=True)


if __name__ == "__main__":
    main()
