"""A new version of a folder that is there already: `node download NAME --update` beside rsync, for the same changes.

The folder has 20,000 small files and one of 2 GiB. Each new version changes 1 % of the small files, 20 MiB inside the large
one, appends 1 MiB to it, and gives one directory of small files another name. Both sides of either program are on this
machine. The clock runs from the start of the command to its end. Bytes are those that went over the loopback meanwhile,
those of TCP included.

rsync compares sizes and times and reads only what differs; it is told to look for renamed files, too (--fuzzy). node reads
everything that is there, because it passes on nothing that it has not verified. Neither syncs files in RAM.
"""
import os
import pathlib
import random
import re
import time

import files
import harness
import machine
import small_files
from problem import Problem

NAME = "update"
TITLE = "A new version of 20,000 files and one of 2 GiB"
MIB = 1 << 20
GOAL = "≤ 1.1 of the pieces that changed"


def loopback_bytes():
    for line in pathlib.Path("/proc/net/dev").read_text().splitlines():
        if line.strip().startswith("lo:"):
            return int(line.split(":")[1].split()[0])
    raise Problem("/proc/net/dev has no loopback: bring it up")


class Folder:
    """The folder that its publisher changes."""

    def __init__(self, path, small, large_bytes):
        self.path, self.small, self.version = path, small, 1
        small_files.make(path, small, 0)
        self.large = path / "large.img"
        with open(self.large, "wb") as out:
            for _ in range(large_bytes // MIB):
                out.write(os.urandom(MIB))

    def change(self):
        """Makes a new version; the ranges (path, first byte, bytes) that are not in the one before."""
        self.version += 1
        chance = random.Random(self.version)
        changed = []
        paths = sorted(self.path.glob("d*/f*"))
        for path in chance.sample(paths, len(paths) // 100):
            path.write_bytes(os.urandom(small_files.SMALL_BYTES))
            changed.append((path, 0, small_files.SMALL_BYTES))
        size = self.large.stat().st_size
        at = chance.randrange(size // 4, size // 2)
        inside = min(20 * MIB, size // 20)
        with open(self.large, "r+b") as file:
            file.seek(at)
            file.write(os.urandom(inside))
            file.seek(size)
            file.write(os.urandom(MIB))
        changed += [(self.large, at, inside), (self.large, size, MIB)]
        one = chance.choice(sorted(self.path.glob("d*")))
        one.rename(self.path / f"d{self.version}{one.name}")
        return changed


def piece_bytes(peer, share, torrent):
    peer.ok("torrent", share, "-o", torrent)
    size = int(re.search(rb"12:piece lengthi(\d+)e", torrent.read_bytes()).group(1))
    torrent.unlink()
    return size


def bytes_of_pieces(changed, piece):
    """Bytes of the pieces that hold any of the changed ranges."""
    total = 0
    by_file = {}
    for path, first, size in changed:
        by_file.setdefault(path, set()).update(range(first // piece, (first + size - 1) // piece + 1))
    for path, pieces in by_file.items():
        # A directory may have another name since, but only whole small files lie there.
        end = path.stat().st_size if path.exists() else small_files.SMALL_BYTES
        total += sum(min(piece, end - i * piece) for i in pieces)
    return total


class Node:
    def __init__(self, nodes, folder):
        self.folder = folder
        tracker = nodes.tracker()
        self.source, self.peer = nodes.peer("source", tracker), nodes.peer("target", tracker)
        self.publish()
        self.peer.ok("download", folder.path.name)
        self.place = self.peer.dir / folder.path.name

    def publish(self):
        self.share = self.source.add(self.folder.path)["id"]
        harness.wait_for(lambda: [row["id"] for row in self.peer.json("list")] == [self.share], "the version is listed")

    def update(self):
        begun = time.monotonic()
        row = self.peer.json("download", self.folder.path.name, "--update", "--delete")[0]
        self.fetched = row["bytes_fetched"]
        return time.monotonic() - begun


class Rsync(files.Rsync):
    def __init__(self, nodes, folder):
        super().__init__(nodes, folder.path)
        self.place = nodes.directory / "rsync" / folder.path.name
        self.place.parent.mkdir()
        self.update()

    def update(self):
        return files.timed(["rsync", "-a", "--delete-after", "--fuzzy", f"rsync://127.0.0.1:{self.port}/folder/", self.place])


def run(suite):
    small, large = (2_000, 64 * MIB) if suite.quick else (20_000, 2048 * MIB)
    case = f"{small:,} files and {large // MIB:,} MiB"
    with suite.directory() as directory, suite.nodes(directory) as nodes:
        suite.require_space(directory, 6 * (large + small * small_files.SMALL_BYTES))
        folder = Folder(directory / "folder", small, large)
        running = {"node": Node(nodes, folder)}
        if suite.available("rsync"):
            running["rsync"] = Rsync(nodes, folder)
        wire = {name: [] for name in running}
        fetched, changed = [], []

        def publish():
            ranges = folder.change()
            running["node"].publish()
            piece = piece_bytes(running["node"].source, running["node"].share, directory / "a.torrent")
            changed.append(bytes_of_pieces(ranges, piece))
            machine.warm_memory(2 * large)

        def update(name):
            before = loopback_bytes()
            seconds = running[name].update()
            wire[name].append(loopback_bytes() - before)
            if name == "node":
                fetched.append(running[name].fetched)
            if small_files.count(running[name].place) != small_files.count(folder.path):
                raise Problem(f"{name} has not made the new version of everything")
            return seconds

        subjects = {"publish": publish} | {name: (lambda name=name: update(name)) for name in running}
        samples = suite.alternate(subjects)
        if harness.tree(running["node"].place) != harness.tree(folder.path):
            raise Problem("what node made differs from its source")
        changed_bytes = sum(changed) / len(changed)
        suite.row(case, "node", "payload fetched", [one / MIB for one in fetched], "MiB", goal=GOAL,
                  limit=changed_bytes / MIB)
        for name in running:
            suite.row(case, name, "on the wire", [one / MIB for one in wire[name]], "MiB")
            suite.row(case, name, "time", samples[name], "s")
        suite.bar_plot("update", case, "seconds", {name: sum(samples[name]) / len(samples[name]) for name in running})
