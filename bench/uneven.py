"""Sources whose links differ, or come and go: one downloader without a limit.

The yardstick is F over what the links together carry at nominal rates; where links change, over the capacity that there
was. TCP over Ethernet carries 1448 bytes of payload in a frame of 1514, so nobody gets below 1.046 of it. Whoever leaves
the last piece with a slow source shows it at the end. A run that takes more than 6 times the bound is stopped, and its
row says so. Two cases have yardsticks of their own: beside sources that drip 1 KiB/s, the time of the honest source alone
(bench/dripping.py); in a crowd with uneven uplinks, the fluid bound of bench/swarm.py for its last leecher. Alone:
`/usr/bin/python3 bench/uneven.py --help`, as root.
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
from collections import namedtuple

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "integration")]

import dripping
import harness
import link_plan
import machine
from node_swarm import MIB, check_copies, random_file
from rival_swarms import Aria2Swarm, LibtorrentSwarm
from speedup import NodeSources
from swarm import NodeCrowd, run_crowd
from swarm_host import FRAME_BYTES, PAYLOAD_BYTES, Network, why_not

NAME = "uneven"
TITLE = "Uneven sources: links that differ, change, or come and go"
STOPPED_AT = 6
SAMPLE_SECONDS = 0.25
SUBJECTS = {"node": NodeSources, "libtorrent": LibtorrentSwarm}
CROWD_SUBJECTS = {"node": NodeCrowd, "libtorrent": LibtorrentSwarm, "aria2": Aria2Swarm}
# Runs that go on at the same time. With five, two cores are too busy: 100 and 7 of 1 Mbit/s take 1.11 instead of 1.054.
AT_ONCE = 2
# Mbit/s of the seeder, then of the leechers: up and down.
CROWD = [(20, 80)] + [(up, max(20, 4 * up)) for up in (80, 80, 20, 20, 5, 5, 2, 2)]
CROWD_GOAL = "≤ 1.3"
DRIP_MIB = 24
DRIP_GOAL = "≤ 1.05"

Case = namedtuple("Case", "plan mib mib_quick goal")
CASES = {
    "100 and 7 of 1 Mbit/s": Case(lambda: link_plan.steady([100] + [1] * 7), 64, 16, "≤ 1.06"),
    "100 and 3 of 0.3": Case(lambda: link_plan.steady([100] + [0.3] * 3), 64, 0, "≤ 1.06"),
    "40 20 10 5 2 1 0.5 0.2": Case(lambda: link_plan.steady([40, 20, 10, 5, 2, 1, 0.5, 0.2]), 32, 16, "≤ 1.06"),
    "2 of 20, cables out": Case(lambda: link_plan.flapping([20, 20], "A2,B2"), 48, 8, "≤ 1.08"),
    "40 and 2, swapped": Case(lambda: link_plan.swapping([40, 2], 3), 48, 24, "≤ 1.05"),
}
PICTURE = next(iter(CASES))


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
            course = Course(network, sources) if with_course else None
            plan.start(network, sources)
            # Pulling the first cable takes a moment, which is not the swarm's.
            begun = time.monotonic()
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


def crowd(swarm_of, directory, path):
    result = run_crowd(swarm_of, directory, path, CROWD)
    return {"of_bound": result["last"], "stopped": False, **result}


def state(suite, case, subject, runs, metric, goal):
    stopped = sum(one["stopped"] for one in runs)
    if stopped:
        suite.say(f"  {case}: {stopped} of {len(runs)} runs of {subject} were stopped at {STOPPED_AT} times the bound")
        metric += ", stopped"
    suite.row(case, subject, metric, [one["of_bound"] for one in runs], "x",
              goal=goal if subject == "node" and not suite.quick else None)


def run_links(suite, paths, subjects):
    """All that goes over links."""
    calls = {}
    for case, (plan, mib, mib_quick, _) in CASES.items():
        mib = mib_quick if suite.quick else mib
        for subject in subjects if mib else ():
            calls[case, subject] = lambda plan=plan, mib=mib, case=case, subject=subject: run_plan(
                SUBJECTS[subject], suite.memory_directory, paths(mib), plan(), case == PICTURE)
    if not suite.quick:
        installed = {rival.name for rival in suite.available("libtorrent", "aria2")}
        for subject in [name for name in CROWD_SUBJECTS if name in installed | {"node"}]:
            calls["crowd of 8, uneven", subject] = lambda subject=subject: crowd(
                CROWD_SUBJECTS[subject], suite.memory_directory, paths(64))
    found = suite.side_by_side(calls, AT_ONCE, once=[key for key in calls if key[1] != "node"])
    for (case, subject), runs in found.items():
        if case in CASES:
            state(suite, case, subject, runs, "time / bound", CASES[case].goal)
        else:
            state(suite, case, subject, runs, "last leecher / bound", CROWD_GOAL)
    pictured = {subject: found[PICTURE, subject][-1] for subject in subjects}
    suite.course_plot("uneven", PICTURE, "Mbit/s sent", {subject: one["course"] for subject, one in pictured.items()},
                      pictured["node"]["bound"])


def run(suite):
    if why_not():
        suite.say(f"skipped: {why_not()}")
        return
    harness.NODE = str(suite.node)
    subjects = ["node"] + [rival.name for rival in suite.available(*([] if suite.quick else ["libtorrent"]))]
    with suite.directory() as directory:
        sizes = [8] if suite.quick else [DRIP_MIB, 64]
        sizes += [case.mib_quick if suite.quick else case.mib for case in CASES.values()]
        files = {mib: random_file(directory / f"{mib}.bin", mib * MIB) for mib in set(sizes) if mib}
        run_links(suite, files.get, subjects)
        calls = {subject: lambda subject=subject: dripping.run_drip(subject, directory, files[sizes[0]],
                                                                    stopped_at=STOPPED_AT) for subject in subjects}
        for subject, runs in suite.alternate(calls, once=["libtorrent"]).items():
            state(suite, "4 drip beside 8 MB/s", subject, runs, "time / honest alone", DRIP_GOAL)


def options():
    parser = argparse.ArgumentParser(description="Downloads from uneven sources; prints each run.")
    parser.add_argument("--mix", type=link_plan.parse_rates, metavar="RATES", help="Mbit/s of the sources, as 100,1x7")
    parser.add_argument("--flap", nargs="?", const="A2,B2", metavar="PATTERN",
                        help="cables come out in turn, default A2,B2; A2,-2,B2,-2 has all in for 2 s between")
    parser.add_argument("--swap", nargs="?", const=3.0, type=float, metavar="SECONDS", help="sources swap their rates")
    parser.add_argument("--drip", nargs="?", const=4, type=int, metavar="COUNT", help="beside sources that drip")
    parser.add_argument("--crowd", action="store_true", help="a crowd with uneven uplinks")
    parser.add_argument("--mib", type=int)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--subject", choices=CROWD_SUBJECTS, default="node")
    parser.add_argument("--node", default=str(HERE.parent / "build" / "release" / "node"))
    parser.add_argument("--course", action="store_true", help="also what each source sent over time")
    parser.add_argument("--log-level", default="info")
    parser.add_argument("--keep", metavar="DIR", help="leave the logs of the nodes there")
    given = parser.parse_args()
    if given.subject == "aria2" and not given.crowd:
        parser.error("aria2 takes part in --crowd only")
    return given


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
        kinds = CROWD_SUBJECTS if given.crowd else SUBJECTS
        if given.subject == "node":
            return kinds["node"](network, directory, sources, given.log_level)
        return kinds[given.subject](network, directory, sources)

    def one_run(directory, path):
        if given.crowd:
            return crowd(lambda network, where: swarm_of(network, where, 1), directory, path)
        if given.drip is not None:
            return dripping.run_drip(given.subject, directory, path, given.drip, STOPPED_AT)
        return run_plan(swarm_of, directory, path, plan(), given.course)

    with tempfile.TemporaryDirectory(prefix="shoal-uneven-", dir="/dev/shm") as directory:
        mib = given.mib or (DRIP_MIB if given.drip is not None else 48 if given.flap or given.swap else 64)
        path = random_file(pathlib.Path(directory) / "file.bin", mib * MIB)
        for _ in range(given.runs):
            print(describe(one_run(directory, path)), flush=True)


def keep_logs(directory, target):
    os.makedirs(target, exist_ok=True)
    for log in directory.glob("*.log"):
        shutil.copy(log, target)


if __name__ == "__main__":
    main()
