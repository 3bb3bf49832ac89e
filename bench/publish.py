"""Making a share: `node add` through a running peer, warm, against tools that read and hash the same bytes.

b3sum and sha256sum only hash; mktorrent makes a v1 torrent (SHA-1), libtorrent a v2 torrent as node does. node's time is
that of the command as somebody types it: start, scan, hashes, database and tracker included. What of that does not
depend on the size is measured with a file of one byte. libtorrent, a library, counts without the start of Python.
"""
import json
import os
import statistics
import subprocess
import time

import small_files

NAME = "publish"
TITLE = "Making a share of 2 GiB, and of 20,100 files"
PYTHON = "/usr/bin/python3"
MB = 1e6

CREATE_TORRENT = """
import sys, time, libtorrent as lt
path = sys.argv[1]
begun = time.monotonic()
files = lt.file_storage()
lt.add_files(files, path)
torrent = lt.create_torrent(files, 0, flags=lt.create_torrent.v2_only)
lt.set_piece_hashes(torrent, path.rsplit("/", 1)[0])
lt.bencode(torrent.generate())
print(time.monotonic() - begun)
"""


def timed(command):
    begun = time.monotonic()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.monotonic() - begun


def node_add(peer, path):
    begun = time.monotonic()
    done = peer.ok("add", path, "--json")
    seconds = time.monotonic() - begun
    peer.ok("remove", json.loads(done.out)[0]["id"])
    return seconds


def sum_files(program, path):
    return timed(["bash", "-c", f"find '{path}' -type f -print0 | xargs -0 {program}"])


def libtorrent_create(path):
    done = subprocess.run([PYTHON, "-c", CREATE_TORRENT, path], check=True, capture_output=True, text=True)
    return float(done.stdout)


def mktorrent(path, out):
    try:
        return timed(["mktorrent", "-t", str(os.cpu_count()), "-l", "21", "-o", out, path])
    finally:
        out.unlink(missing_ok=True)


def random_file(path, size):
    block = os.urandom(16 << 20)
    with open(path, "wb") as file:
        for i in range(size // len(block)):
            file.write(block[i * 4099 % len(block):] + block[:i * 4099 % len(block)])
    return size


def measure(suite, case, peer, path, size, goals):
    rivals = {"b3sum": lambda: sum_files("b3sum", path), "libtorrent": lambda: libtorrent_create(path),
              "sha256sum": lambda: sum_files("sha256sum", path),
              "mktorrent": lambda: mktorrent(path, path.parent / "mktorrent.torrent")}
    calls = {"node": lambda: node_add(peer, path)}
    calls |= {rival.name: rivals[rival.name] for rival in suite.available(*rivals)}
    seconds = suite.alternate(calls, once=["sha256sum"])
    rates = {name: [size / MB / one for one in times] for name, times in seconds.items()}
    for name in rates:
        suite.row(case, name, "rate", rates[name], "MB/s")
    for rival, goal in goals.items():
        if rival in rates:
            suite.row(case, "node", f"rate / {rival}", [mine / theirs for mine, theirs in zip(rates["node"], rates[rival])],
                      "x", goal=None if suite.quick else goal)
    return {name: statistics.median(one) for name, one in rates.items()}, statistics.median(seconds["node"])


def run(suite):
    with suite.directory() as directory, suite.nodes(directory) as nodes:
        peer = nodes.peer("peer", nodes.tracker())
        file_bytes = (512 if suite.quick else 2048) << 20
        suite.require_space(directory, 2 * file_bytes)
        tiny = directory / "tiny"
        tiny.write_bytes(b"1")
        fixed = [node_add(peer, tiny) for _ in range(5)]
        path = directory / "file"
        size = random_file(path, file_bytes)
        case = f"{file_bytes >> 20} MiB, warm"
        bars, seconds = measure(suite, case, peer, path, size, {"b3sum": "≥ 0.6", "libtorrent": "≥ 3.5"})
        suite.row(case, "node", "fixed share of the time", [one / seconds * 100 for one in fixed], "%")
        suite.bar_plot("publish", f"Making a share of {file_bytes >> 20} MiB", "MB/s", bars)
        path.unlink()
        folder = directory / "folder"
        small, large = (4_000, 20) if suite.quick else (20_000, 100)
        size = small_files.make(folder, small, large)
        measure(suite, f"{small + large:,} files, warm", peer, folder, size, {"b3sum": "≥ 0.6", "libtorrent": "≥ 1.0"})
