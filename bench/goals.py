"""Goals of rows: "≥ 0.95", "≤ 64 MiB", "<= 1.1"; what follows the number is for the reader."""
import re

GOAL = re.compile(r"\s*(≥|>=|≤|<=)\s*([0-9]+(?:\.[0-9]+)?)(?![0-9.])")


def met(value, goal):
    match = GOAL.match(goal)
    if not match:
        raise ValueError(f"'{goal}' is no goal: write ≥ or ≤ and a number")
    bound = float(match.group(2))
    return value >= bound if match.group(1) in ("≥", ">=") else value <= bound
