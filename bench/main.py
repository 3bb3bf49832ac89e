#!/usr/bin/env python3
"""Runs the benchmarks that tools/bench names and writes the report.

A benchmark is a module of this folder with NAME, TITLE and run(suite); its row in BENCHMARKS says how many seconds it may
take, in full and with --quick, so that all of them together keep to fifteen minutes and one and a half. tools/bench
builds first.
"""
import argparse
import importlib
import os
import pathlib
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "bench"), str(ROOT / "tests/integration")]
# The harness of the integration tests asks the environment for the binary.
os.environ["SHOAL_NODE"] = str(ROOT / "build/release/node")

import machine
import rivals
from problem import Problem
from report import Report
from suite import Suite

BENCHMARKS = {  # in the order of the report: seconds in full, seconds with --quick
    "throughput": (122, 14),
    "speedup": (116, 6),
    "swarm": (124, 9),
    "failure": (26, 6),
    "uneven": (330, 20),
    "far": (140, 10),
    "limits": (100, 25),
    "files": (56, 6),
    "update": (90, 8),
    "publish": (26, 5),
    "http": (40, 6),
    "tracker": (60, 6),
    "micro": (22, 4),
    "simulate": (56, 4),
}
# `http` is a module of Python.
MODULES = {"http": "http_files"}


def module_of(name):
    return MODULES.get(name, name)


def existing():
    return [name for name in BENCHMARKS if (ROOT / "bench" / f"{module_of(name)}.py").exists()]


def options(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench", description="Measures shoal beside the limit of this machine "
                                     "and beside other programs; writes build/bench/report/report.md.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(existing())} (default: all)")
    parser.add_argument("--quick", action="store_true", help="small sizes, every figure once: a minute and a half for all")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON lines")
    parser.add_argument("--list", action="store_true", help="only say which benchmarks and rivals there are")
    parser.add_argument("--install-rivals", action="store_true", help="done by tools/bench before it builds")
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    for name in given.names:
        if name not in existing():
            raise Problem(f"there is no benchmark '{name}': name one of {', '.join(existing())}")
    given.names = [name for name in existing() if not given.names or name in given.names]
    if given.json:
        # The current directory is that of whoever calls; tools/bench runs from the root of the tree.
        given.json = pathlib.Path(os.environ.get("SHOAL_BENCH_FROM", os.getcwd())) / given.json
        if not given.json.parent.is_dir() or given.json.is_dir():
            raise Problem(f"--json '{given.json}' cannot be written: name a file in a directory that exists")
    return given


def show_list():
    print("Benchmarks: " + ", ".join(existing()))
    print("Rivals, compared with where they are installed (tools/bench --install-rivals installs all):")
    for rival in rivals.ALL.values():
        print(f"  {rival.name:16} {rival.version() or 'not installed: ' + ' '.join(rival.packages)}")


def run(given):
    suite = Suite(ROOT, given.quick)
    report = Report(ROOT / "build/bench/report", suite, machine.describe(ROOT), rivals.versions())
    failed = []
    with suite:
        for name in given.names:
            module = importlib.import_module(module_of(name))
            report.begin(name, module.TITLE, (module.__doc__ or "").strip())
            begun = time.monotonic()
            try:
                module.run(suite)
            except Problem as problem:
                failed.append(name)
                report.fail(str(problem))
            except Exception as problem:
                # The others can still be measured.
                failed.append(name)
                traceback.print_exc()
                report.fail(f"{type(problem).__name__}: {problem}")
            report.end(time.monotonic() - begun, BENCHMARKS[name][1 if given.quick else 0])
    report.write(given.json)
    return failed


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        given = options(sys.argv[1:])
        if given.list:
            show_list()
        if given.list or given.check:
            return 0
        failed = run(given)
    except Problem as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if failed:
        print(f"bench: {', '.join(failed)} could not be measured, see above", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
