"""Many small files from one machine to another, over the loopback: node, rsync daemon, tar | nc, libtorrent.

The clock runs from the start of the command that fetches the folder to its end, when all files are in place under their
final names; servers and peers run already. node alone has also synced what it wrote by then; on the disk, where that takes
time, rsync is measured once more with a sync of the file system behind it. libtorrent, a library, counts from the call
that adds the torrent to the alert that says complete.
"""
import json
import os
import pathlib
import shlex
import shutil
import socket
import statistics
import subprocess
import time

import harness
import machine
import small_files
from problem import Problem

NAME = "files"
TITLE = "20,100 files as one share"
HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
COPY_SECONDS_MAX = 120
GOAL = "≤ 1.0"
YARDSTICK = "rsync daemon"

MAKE_TORRENT = """
import sys, libtorrent as lt
path, out = sys.argv[1:]
files = lt.file_storage()
lt.add_files(files, path)
torrent = lt.create_torrent(files, 0, flags=lt.create_torrent.v2_only)
lt.set_piece_hashes(torrent, path.rsplit("/", 1)[0])
open(out, "wb").write(lt.bencode(torrent.generate()))
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def timed(command):
    begun = time.monotonic()
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=COPY_SECONDS_MAX)
    seconds = time.monotonic() - begun
    if done.returncode != 0:
        raise Problem(f"{command[0]} failed with {done.returncode}: {done.stderr[-500:].strip()}")
    return seconds


class Node:
    def __init__(self, nodes, source):
        tracker = nodes.tracker()
        self.share = nodes.peer("source", tracker).add(source)["id"]
        self.peer = nodes.peer("target", tracker)

    def copy(self, target):
        """Seconds; the copy is at target / NAME of the source."""
        target.mkdir()
        seconds = timed([harness.NODE, "download", self.share, "--dir", target, "--state", self.peer.state])
        self.peer.ok("remove", self.share)
        return seconds


class Rsync:
    def __init__(self, nodes, source):
        self.port, self.source = free_port(), source
        settings = nodes.directory / "rsyncd.conf"
        # Root's daemon would turn into somebody who may not read the source.
        rights = "uid = root\ngid = root\n" if os.geteuid() == 0 else ""
        settings.write_text(f"port = {self.port}\naddress = 127.0.0.1\nuse chroot = no\n[folder]\npath = {source}\n{rights}")
        daemon = subprocess.Popen(["rsync", "--daemon", "--no-detach", f"--config={settings}"],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        nodes.addCleanup(daemon.wait)
        nodes.addCleanup(daemon.kill)
        harness.wait_for(self.answers, "the rsync daemon listens")

    def answers(self):
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def copy(self, target):
        target.mkdir()
        return timed(self.command(target))

    def command(self, target):
        return ["rsync", "-a", f"rsync://127.0.0.1:{self.port}/folder/", target / self.source.name]


class RsyncSynced(Rsync):
    def command(self, target):
        return ["bash", "-c", shlex.join(map(str, super().command(target))) + f" && sync -f '{target}'"]


class TarNc:
    def __init__(self, nodes, source):
        self.port, self.source = free_port(), source

    def copy(self, target):
        """Both ends begin together, and the sender tries again until the receiver listens."""
        target.mkdir()
        receive = f"nc -l -N 127.0.0.1 {self.port} | tar -x -C '{target}'"
        send = (f"cd '{self.source.parent}' && until tar -c '{self.source.name}' | "
                f"nc -N 127.0.0.1 {self.port} 2>/dev/null; do :; done")
        return timed(["bash", "-c", f"set -o pipefail; ({receive}) & ({send}); wait"])


class Libtorrent:
    def __init__(self, nodes, source):
        self.torrent = nodes.directory / "libtorrent.torrent"
        subprocess.run([PYTHON, "-c", MAKE_TORRENT, source, self.torrent], check=True)
        seed = subprocess.Popen([PYTHON, HERE / "libtorrent_node.py", self.torrent, source.parent, "--seed"],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        nodes.addCleanup(seed.stdout.close)
        nodes.addCleanup(seed.wait)
        nodes.addCleanup(seed.kill)
        self.port = json.loads(seed.stdout.readline())["listening"]

    def copy(self, target):
        target.mkdir()
        done = subprocess.run([PYTHON, HERE / "libtorrent_node.py", self.torrent, target, "--peer",
                               f"127.0.0.1:{self.port}"], capture_output=True, text=True, timeout=COPY_SECONDS_MAX)
        if done.returncode != 0:
            raise Problem(f"libtorrent failed: {done.stderr[-500:].strip()}")
        return json.loads(done.stdout.splitlines()[-1])["complete"]


def subjects(suite, in_memory):
    """{name: class}; those whose programs are installed. On the disk, which sets the pace for all, only rsync."""
    if in_memory:
        rivals = {YARDSTICK: (Rsync, ["rsync"]), "tar | nc": (TarNc, ["tar", "nc"]),
                  "libtorrent": (Libtorrent, ["libtorrent"])}
    else:
        rivals = {YARDSTICK: (Rsync, ["rsync"]), "rsync daemon, then sync": (RsyncSynced, ["rsync"])}
    found = {"node": Node}
    for name, (kind, programs) in rivals.items():
        if len(suite.available(*programs)) == len(programs):
            found[name] = kind
    return found


def measure(suite, where, case, small, large):
    in_memory = where == suite.memory_directory
    with suite.directory(where) as directory, suite.nodes(directory) as nodes:
        source = directory / "folder"
        size = small_files.make(source, small, large)
        kinds = subjects(suite, in_memory)
        repeats = 1 if suite.quick else 3
        suite.require_space(directory, size * (2 + len(kinds) * repeats))
        running = {name: kind(nodes, source) for name, kind in kinds.items()}
        copies = []

        def copy(name):
            os.sync()
            if in_memory:
                machine.warm_memory(2 * size)
            target = directory / f"copy{len(copies)}"
            copies.append(target)
            seconds = running[name].copy(target)
            if small_files.count(target / source.name) != (small + large, size):
                raise Problem(f"{name} has not copied everything to {target}")
            if name == "node" and len(copies) == 1 and harness.tree(target / source.name) != harness.tree(source):
                raise Problem("what node copied differs from its source")
            # ext4 does not give an inode out again at once and searches around it: on disk all copies stay to the end.
            if in_memory:
                shutil.rmtree(target)
            return seconds

        samples = suite.alternate({name: (lambda name=name: copy(name)) for name in running}, once=["libtorrent"])
        rsync = statistics.median(samples[YARDSTICK]) if YARDSTICK in samples else None
        for name, seconds in samples.items():
            goal = GOAL + " of rsync's time" if name == "node" and rsync and not suite.quick else None
            suite.row(case, name, "time", seconds, "s", goal=goal, limit=rsync)
        return {name: statistics.median(seconds) for name, seconds in samples.items()}


def run(suite):
    small, large = (4_000, 20) if suite.quick else (20_000, 100)
    bars = measure(suite, suite.memory_directory, f"{small + large:,} files, in RAM", small, large)
    if not suite.quick:
        measure(suite, suite.disk_directory, f"{small + large:,} files, on disk", small, large)
    suite.bar_plot("files", f"{small + large:,} files, in RAM", "seconds", bars)
