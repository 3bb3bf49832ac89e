"""A limit of rate, kept by whoever sends or receives: the bytes of payload in each two seconds, as the peer counts them,
beside the limit. The worst window of a transfer counts, too high or too low; the first half second is left out, and the
last. A limit that is far above what the machine carries must cost nothing: time of a transfer with it, beside one without.
"""
import bisect
import time

from control import Control

NAME = "limits"
TITLE = "Rate limits over any two seconds, and what a high one costs"

MIB = 1 << 20
WINDOW = 2.0
LEFT_OUT = 0.5
LIMITS = {"100K": 100e3, "10M": 10e6, "1G": 1e9}
FAR_ABOVE = "100G"


def samples(control, what, until):
    """(time, bytes) as often as the peer answers, until the condition holds for the status."""
    found = []
    while True:
        before = time.monotonic()
        status = control.call("status")
        found.append(((before + time.monotonic()) / 2, status[what]))
        if until(status):
            return found
        time.sleep(0.005)


def windows(found, limit):
    """Rate of each window over the limit."""
    times, counts = zip(*found)
    ratios = []
    for begin, count in found:
        if begin < times[0] + LEFT_OUT or begin + WINDOW > times[-1] - LEFT_OUT:
            continue
        at = bisect.bisect_left(times, begin + WINDOW)
        # Between two samples bytes came evenly, as far as is known.
        part = (begin + WINDOW - times[at - 1]) / (times[at] - times[at - 1])
        end = counts[at - 1] + part * (counts[at] - counts[at - 1])
        ratios.append((end - count) / WINDOW / limit)
    return ratios


def transfer(suite, direction, text, seconds, size_max):
    """The samples of one limited transfer that lasts so long, or until it has all."""
    limit = LIMITS[text]
    size = int(min(size_max, limit * (seconds + 2 * WINDOW)))
    with suite.directory() as directory, suite.nodes(directory) as nodes:
        suite.require_space(directory, 2 * size)
        tracker = nodes.tracker()
        source = nodes.peer("source", tracker, *(["--up-limit", text] if direction == "up" else []))
        path = nodes.file("file", size)
        share = source.add(path)["id"]
        peer = nodes.peer("peer", tracker, *(["--down-limit", text] if direction == "down" else []))
        peer.ok("download", share, "--no-wait")
        subject, what = (source, "bytes_uploaded") if direction == "up" else (peer, "bytes_downloaded")
        control = Control(subject)
        begun = samples(control, what, lambda status: status[what] > 0)[-1][0]
        end = begun + seconds
        found = samples(control, what, lambda status: time.monotonic() > end or status[what] >= size * 0.999)
        control.close()
        return found


def seconds_for(suite, size, *options):
    with suite.directory() as directory, suite.nodes(directory) as nodes:
        suite.require_space(directory, 2 * size)
        tracker = nodes.tracker()
        source = nodes.peer("source", tracker, *options)
        share = source.add(nodes.file("file", size))["id"]
        peer = nodes.peer("peer", tracker)
        begun = time.monotonic()
        peer.ok("download", share, *(["--down-limit", FAR_ABOVE] if options else []))
        return time.monotonic() - begun


def run(suite):
    seconds = 5 if suite.quick else 12
    size_max = (1 if suite.quick else 4) * 1024 * MIB
    for text in LIMITS:
        for direction in ("up", "down"):
            if suite.quick and direction == "down":
                continue
            ratios = windows(transfer(suite, direction, text, seconds, size_max), LIMITS[text])
            case = f"{text}B/s {direction}"
            if not ratios:
                suite.row(case, "node", "windows", [0], "")
                continue
            suite.row(case, "node", "highest window / limit", [max(ratios)], "x", goal="≤ 1.05")
            suite.row(case, "node", "lowest window / limit", [min(ratios)], "x", goal="≥ 0.95")
    size = (256 if suite.quick else 768) * MIB
    times = suite.alternate({"without": lambda: seconds_for(suite, size),
                             "far above": lambda: seconds_for(suite, size, "--up-limit", FAR_ABOVE)})
    ratios = [free / limited for free, limited in zip(times["without"], times["far above"])]
    suite.row(f"{size >> 20} MiB, limit {FAR_ABOVE}B/s", "node", "rate / without a limit", ratios, "x",
              goal=None if suite.quick else "≥ 0.97")
