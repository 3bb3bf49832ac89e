"""One tracker and many tracker sessions on loopback, all joined, showing that they live, and answering dial-backs.

All join at once, and the clock stops when every one of them knows all peers, or in a large swarm how many there are.
Then they are idle: what the tracker's memory grew by is divided by their number, and its processor time is taken over
whole heartbeats of 5 s: over four where there is a goal, in which each session asks the tracker once whether it is
there. Then one more peer at a time connects, joins and publishes a share, and every session notes when it was told of
that share. The load runs on the same two cores, so the times include what it takes to receive. At last all join a tracker and download one share.
"""
import contextlib
import json
import os
import pathlib
import resource
import select
import statistics
import subprocess
import time

from problem import Problem

NAME = "tracker"
TITLE = "Tracker: ten thousand tracker sessions"

LOADS = 4  # processes, each with an address of its own
SHARES = 100  # that the swarm has before the probes
PROBES = 6
HEARTBEAT_SECONDS = 5
PAUSE_SECONDS = 0.5  # between probes: the tracker rests as long as it took to tell the last one's leaving
PATIENCE = 60
GOAL_SESSIONS = 10000
GOALS = {"memory": "≤ 12 KiB", "visible": "≤ 250 ms", "mass join": "≤ 10 s", "heartbeats": "≤ 3 %"}


class Load:
    """One tracker_load; its events are lines of JSON."""

    def __init__(self, suite, tracker, address, name, sessions, shares, peers, crowd=0):
        command = [suite.programs / "tracker_load", tracker.port, address, name, sessions, shares, peers, crowd]
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.unread = b""
        self.wait("ready")

    def wait(self, event):
        """The next event of this kind; others are dropped."""
        end = time.monotonic() + PATIENCE
        while True:
            line, found, rest = self.unread.partition(b"\n")
            if found:
                self.unread = rest
                said = json.loads(line)
                if said["event"] == event:
                    return said
                continue
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise Problem(f"tracker_load: no '{event}' within {PATIENCE} s")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise Problem(f"tracker_load ended before '{event}'")
            self.unread += data

    def go(self):
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def memory(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise Problem("no RssAnon in /proc/PID/status: it needs Linux 4.5")


def processor_seconds(pid):
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def quantile(samples, share):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def idle_share(pid, heartbeats):
    """Of one core, over whole heartbeats."""
    before, begun = processor_seconds(pid), time.monotonic()
    time.sleep(heartbeats * HEARTBEAT_SECONDS)
    return (processor_seconds(pid) - before) / (time.monotonic() - begun)


def probe(suite, tracker, loads, number):
    """Seconds from the connect of one more peer until each session was told of its share; it has left again."""
    one = Load(suite, tracker, "127.0.0.99", f"probe{number}", 1, 1, 1)
    try:
        one.go()
        begun = one.wait("began")["at"]
        seconds = [at - begun for load in loads for at in load.wait("seen")["at"]]
    finally:
        one.end()
    for load in loads:
        load.wait("left")
    time.sleep(PAUSE_SECONDS)
    return seconds


@contextlib.contextmanager
def joining(suite, sessions, shares, crowd=0):
    """One tracker that so many sessions begin to join: it, its memory and processor time before, the loads and
    when they began."""
    with suite.directory() as directory, suite.nodes(directory) as nodes:
        tracker = nodes.tracker()
        pid = tracker.process.pid
        before = memory(pid)
        loads = [Load(suite, tracker, f"127.0.0.{2 + i}", f"load{i}", sessions // LOADS, shares // LOADS, sessions, crowd)
                 for i in range(LOADS)]
        try:
            spent = processor_seconds(pid)
            for load in loads:
                load.go()
            yield tracker, before, spent, loads, min(load.wait("began")["at"] for load in loads)
        finally:
            for load in loads:
                load.end()


def measure(suite, sessions):
    """One tracker with so many sessions."""
    found = {}
    with joining(suite, sessions, SHARES) as (tracker, before, spent, loads, begun):
        pid = tracker.process.pid
        settled = [load.wait("settled") for load in loads]
        found["mass join"] = max(one["at"] for one in settled) - begun
        found["mass join processor"] = processor_seconds(pid) - spent
        found["refused"] = sum(one["failures"] for one in settled)
        # The whole cycle where there is a goal.
        found["heartbeats"] = idle_share(pid, 4 if sessions == GOAL_SESSIONS else 1)
        found["memory"] = (memory(pid) - before) / sessions
        times = [at for number in range(3 if suite.quick else PROBES)
                 for at in probe(suite, tracker, loads, number)]
        found["visible p50"] = statistics.median(times)
        found["visible p99"] = quantile(times, 0.99)
    return found


def crowd(suite, sessions):
    """All join, and download one share: they watch it."""
    with joining(suite, sessions, 0, crowd=1) as (tracker, before, spent, loads, begun):
        pid = tracker.process.pid
        answered = max(load.wait("answered")["at"] for load in loads)
        return {"answered": answered - begun, "processor": processor_seconds(pid) - spent,
                "memory": (memory(pid) - before) / sessions}


def sizes(suite):
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    if suite.quick:
        return [1000]
    # The tracker needs one descriptor for each session, and some for dial-backs and connections that just came.
    most = (descriptors - 1000) // 1000 * 1000
    return [size for size in (1000, GOAL_SESSIONS) if size < most] + [min(most, 19000)]


def run(suite):
    memory_points, join_points, visible_points = [], [], []
    for size in sizes(suite):
        case = f"{size:,} sessions"
        found = suite.alternate({"shoal": lambda: measure(suite, size)}, 1)["shoal"][0]
        goal = GOALS if size == GOAL_SESSIONS else {}
        suite.row(case, "shoal", "mass join, all are told", [found["mass join"]], "s", goal.get("mass join"))
        suite.row(case, "shoal", "… processor time of the tracker", [found["mass join processor"]], "s")
        suite.row(case, "shoal", "… connections refused", [found["refused"]], "")
        suite.row(case, "shoal", "memory per idle session", [found["memory"] / 1024], "KiB", goal.get("memory"))
        suite.row(case, "shoal", "heartbeats of 5 s, share of a core", [found["heartbeats"] * 100], "%",
                  goal.get("heartbeats"))
        suite.row(case, "shoal", "one more is visible, p50", [found["visible p50"] * 1000], "ms")
        suite.row(case, "shoal", "one more is visible, p99", [found["visible p99"] * 1000], "ms", goal.get("visible"))
        many = suite.alternate({"shoal": lambda: crowd(suite, size)}, 1)["shoal"][0]
        suite.row(case, "shoal", "all download one share: each knows holders", [many["answered"]], "s")
        suite.row(case, "shoal", "… processor time of the tracker", [many["processor"]], "s")
        suite.row(case, "shoal", "… memory per session then", [many["memory"] / 1024], "KiB")
        memory_points.append((size, found["memory"] / 1024))
        join_points.append((size, found["mass join"]))
        visible_points.append((size, found["visible p99"] * 1000))
    if len(join_points) > 1:
        suite.line_plot("tracker_join", "All join at once", "sessions", "s until all are told", {"shoal": join_points})
        suite.line_plot("tracker_visible", "One more peer", "sessions", "ms until visible everywhere, p99",
                        {"shoal": visible_points})
