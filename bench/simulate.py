"""Flash crowds far larger than one machine holds: the product's policy in simulated time, against the fluid bound.

The program build/release/bench/simulate does the work (bench/simulate/*.cpp). Simulated time does not depend on how
busy the machine is, so one run for each seed is enough; only the wall time does.
"""
import json
import os
import subprocess

NAME = "simulate"
TITLE = "A crowd in simulated time"

LAST_GOALS = {1000: "≤ 1.10", 10000: "≤ 1.15"}
# A crowd is a great deal of memory that is touched in no order: with large pages it takes a tenth less time.
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
WALL_SECONDS_MAX = 150  # a run that takes longer is given up and has no row


def simulate(suite, *options):
    """The figures of one run as a dict, or None if it took too long."""
    command = [os.path.join(suite.programs, "simulate"), "--json", *map(str, options)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WALL_SECONDS_MAX,
                              env=os.environ | LARGE_PAGES)
    except subprocess.TimeoutExpired:
        suite.say(f"{' '.join(map(str, options))}: given up after {WALL_SECONDS_MAX} s")
        return None
    if not done.stdout:
        raise RuntimeError(f"simulate failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def run(suite):
    crowds = [10, 50] if suite.quick else [10, 100, 1000]
    used = {}
    points = {"last": [], "median": []}
    for leechers in crowds:
        seeds = [1] if suite.quick or leechers > 100 else [1, 2, 3]
        runs = [done for seed in seeds if (done := simulate(suite, "--leechers", leechers, "--seed", seed))]
        if not runs:
            continue
        case = f"{leechers} leechers, 64 MiB"

        def row(metric, value, unit, **more):
            suite.row(case, "shoal", metric, [value(done) for done in runs], unit, **more)

        bound = runs[0]["bound"]
        row("first leecher", lambda done: done["first"], "s", limit=bound)
        row("median leecher", lambda done: done["median"], "s", limit=bound)
        row("last leecher", lambda done: done["last"], "s", limit=bound, goal=LAST_GOALS.get(leechers))
        row("seeder sent", lambda done: done["seeder_copies"], "copies")
        row("duplicates", lambda done: done["duplicates"] * 100, "%")
        row("wall time", lambda done: done["wall"], "s", goal="≤ 60" if leechers == 1000 else None)
        used[f"{leechers} leechers"] = list(enumerate(runs[0]["uplinks_used"], 1))
        for metric, line in points.items():
            line.append((leechers, runs[0][metric] / runs[0]["bound"]))
    if used:
        suite.line_plot("simulate_uplinks", "Uplinks in use", "second", "share of all uplinks", used)
        suite.line_plot("simulate_bound", "Finish over the fluid bound", "leechers", "over the bound", points,
                        ideal=[(leechers, 1.0) for leechers, _ in points["last"]])
