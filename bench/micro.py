"""Single operations, timed by Google Benchmark: hashing, the chunk queue, codecs (bench/micro/*.cpp)."""
import json
import os
import subprocess

NAME = "micro"
TITLE = "Single operations"


def run(suite):
    program = os.path.join(suite.programs, "micro")
    suite.require_file(program)
    repetitions = 1 if suite.quick else 3
    command = [program, "--benchmark_format=json", f"--benchmark_repetitions={repetitions}",
               f"--benchmark_min_time={0.05 if suite.quick else 0.2}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cases = {}
    for one in json.loads(done.stdout)["benchmarks"]:
        if one.get("error_occurred"):
            raise RuntimeError(f"{one['name']}: {one['error_message']}")
        if one["run_type"] == "iteration":
            cases.setdefault(one["run_name"], []).append(one)
    for case, runs in cases.items():
        if "bytes_per_second" in runs[0]:
            suite.row(case, "shoal", "speed", [run["bytes_per_second"] / 1e6 for run in runs], "MB/s")
        if "items_per_second" in runs[0]:
            suite.row(case, "shoal", "time per item", [1e9 / run["items_per_second"] for run in runs], "ns")
