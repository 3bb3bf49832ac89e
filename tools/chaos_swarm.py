"""The swarm that tools/chaos kills: its processes, each with many lives, and what they have on the disk."""
import contextlib
import os
import pathlib
import random
import signal

import harness


# Of every process: each has a host of its own.
PORT = 7000
FOLDER_FILES = 300
FOLDER_FILE_BYTES_MAX = 200_000


class Failure(Exception):
    pass


def make_folder(chaos):
    """A folder to be shared: files of all sizes, an executable one, and an empty folder."""
    sizes = random.Random(0)
    for i in range(FOLDER_FILES):
        chaos.file(f"data/folder/d{i % 17}/f{i}", sizes.randrange(FOLDER_FILE_BYTES_MAX))
    (chaos.directory / "data/folder/d3/f3").chmod(0o755)
    (chaos.directory / "data/folder/empty").mkdir()
    return chaos.directory / "data/folder"


class Member:
    """One process of the swarm over all its lives, on a host of its own (swarm_host.Host)."""

    def __init__(self, chaos, kind, name, host):
        self.chaos, self.kind, self.name, self.host = chaos, kind, name, host
        self.process = None
        self.due = None  # when one that was killed or sleeps comes back; None: it is up
        self.asleep = False
        self.memory = 0
        self.lives = 0
        self.faults = None  # its disk, if that can fail
        self.owed = set()  # shares that a killed or failed word was about: to be asked for again

    @property
    def up(self):
        return self.due is None and self.process is not None

    @property
    def files(self):
        return self.chaos.directory / self.name

    def start(self):
        # Without room for its state it would not start.
        self.chaos.faults.end_due(kind="record", where=self)
        self.chaos.prefix = [*self.host.prefix, *(self.faults.prefix if self.faults else [])]
        if self.kind == "tracker":
            self.process = self.chaos.tracker(*self.chaos.swarm_options, "--listen", f":{PORT}", "--heartbeat", "1000")
        else:
            self.process = self.chaos.peer(self.name, None, *self.chaos.swarm_options, "--tracker",
                                           f"{self.chaos.head.host.address}:{PORT}", "--listen", f":{PORT}")
        self.lives += 1
        self.due = None

    def sleep(self):
        self.process.signal(signal.SIGSTOP)
        self.asleep = True

    def come_back(self):
        if not self.asleep:
            return self.start()
        self.process.signal(signal.SIGCONT)
        self.asleep = False
        self.due = None

    def measure(self):
        """Notes the most memory that this life has used."""
        try:
            status = pathlib.Path(f"/proc/{self.process.process.pid}/status").read_text()
        except FileNotFoundError:
            return
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.memory = max(self.memory, int(line.split()[1]) * 1024)

    def descriptors(self, directory):
        """What the process holds open, but for whole content, of which it keeps some files open."""
        content = tuple(f"{directory}/{one}/" for one in ("data", "copies", self.name))
        held = []
        for path in pathlib.Path(f"/proc/{self.process.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                target = os.readlink(path)
                if not target.startswith(content) or "/.shoal" in target or target.endswith(" (deleted)"):
                    held.append(target)
        return sorted(held)

    def check_up(self):
        code = self.process.process.poll()
        if code is not None:
            raise Failure(f"{self.name} ended by itself with {code}:\n{self.process.text()[-3000:]}")


class Contents:
    """What shares hold on the disk. A file that has not changed since is not read again."""

    def __init__(self):
        self.digests = {}  # by what identifies an unchanged file

    def read_all_again(self):
        self.digests.clear()

    def digest(self, path):
        stat = path.stat()
        key = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        if key not in self.digests:
            self.digests[key] = harness.digest(path)
        return self.digests[key]

    def of(self, path):
        """Kind, executable bit and digest of a file or of all in a folder, by relative path."""
        rows = {}
        for one in [path, *sorted(path.rglob("*"))]:
            if one.is_dir():
                row = ("directory",)
            else:
                row = ("file", bool(one.stat().st_mode & 0o100), self.digest(one))
            rows[str(one.relative_to(path))] = row
        return rows
