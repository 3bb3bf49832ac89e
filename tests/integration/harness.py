"""Starts real trackers and peers on free ports, talks to them as a person would, and kills them.

Every wait is for a condition with a bound, never for a time. Everything a test starts is gone when it ends: the `owner`
of a process or proxy has unittest's addCleanup(). tools/chaos and bench/ use all but SwarmTest.
"""
import base64
import hashlib
import json
import mmap
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

NODE = os.environ.get("SHOAL_NODE", "build/dev/node")
# A peer without a tracker would find one that a user of this network runs.
os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent"
# What a log never holds, unless an assertion or a sanitizer spoke or a task of the process failed.
SIGNS_OF_A_BUG = ("assertion failed", "ERROR: AddressSanitizer", "WARNING: ThreadSanitizer", "runtime error:",
                  "ERROR: LeakSanitizer", "task fails")
# Sanitizers and a busy machine make everything slower; a hang is still found.
PATIENCE = 60


def wait_for(condition, what, seconds=PATIENCE, every=0.01):
    """Returns the first true value of condition(); fails after the bound."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for: {what}")
        time.sleep(every)


def digest(path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def tree(path):
    """What a folder holds: kind, executable bit and digest by relative path."""
    path = pathlib.Path(path)
    rows = {}
    for one in sorted(path.rglob("*")):
        name = str(one.relative_to(path))
        if one.is_symlink():
            rows[name] = ("link", os.readlink(one))
        elif one.is_dir():
            rows[name] = ("directory",)
        else:
            rows[name] = ("file", bool(one.stat().st_mode & 0o100), digest(one))
    return rows


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self):
        return json.loads(self.out)


class Process:
    """One long-running node; `ready` is its READY line. An owner with a `prefix` has it run by those words, inside a
    network namespace for example."""

    def __init__(self, owner, arguments, log):
        self.log_path = log
        self.log = open(log, "ab")
        self.arguments = [*getattr(owner, "prefix", []), NODE, *map(str, arguments)]
        self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.log)
        owner.addCleanup(self.kill)
        self.ready = self._read_ready()

    def _read_ready(self):
        end = time.monotonic() + PATIENCE
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no READY line from {self.arguments}: {self.text()}")
            byte = self.process.stdout.read1(4096)
            if not byte:
                raise AssertionError(f"{self.arguments} ended: {self.text()}")
            line += byte
        assert line.startswith(b"READY {"), line
        return json.loads(line[6:])

    def text(self):
        self.log.flush()
        return pathlib.Path(self.log_path).read_text(errors="replace")

    @property
    def port(self):
        return int(self.ready["listen"][0].rsplit(":", 1)[1])

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def terminate(self, seconds=PATIENCE):
        """SIGTERM; returns the exit code and how long the end took."""
        begun = time.monotonic()
        self.process.terminate()
        code = self.process.wait(seconds)
        return code, time.monotonic() - begun


class Peer(Process):
    def __init__(self, owner, name, directory, *arguments):
        self.name = name
        self.state = directory / f"{name}.state"
        self.dir = directory / name
        self.dir.mkdir(exist_ok=True)
        self.options = ["--name", name, "--state", self.state, "--dir", self.dir, *arguments]
        if "--log-level" not in arguments:
            self.options += ["--log-level", "debug"]
        if "--listen" not in arguments:
            self.options += ["--listen", "127.0.0.1:0"]
        super().__init__(owner, ["peer", *self.options], directory / f"{name}.log")

    def run(self, *words, timeout=PATIENCE * 4, cwd=None, env=None):
        """A word for this peer, as a person types it. Options go before "--", behind which all are names."""
        words = [str(word) for word in words]
        at = words.index("--") if "--" in words else len(words)
        words[at:at] = ["--state", str(self.state)]
        return Result(subprocess.run([NODE, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                     timeout=timeout, cwd=cwd, env=env))

    def ok(self, *words, cwd=None):
        result = self.run(*words, cwd=cwd)
        assert result.code == 0, f"{words}: exit {result.code}: {result.err}\n{self.text()[-4000:]}"
        return result

    def json(self, *words, cwd=None):
        return self.ok(words[0], "--json", *words[1:], cwd=cwd).json()

    def start(self, *words):
        """A word that runs in the background."""
        return subprocess.Popen([NODE, *map(str, words), "--state", str(self.state)], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def add(self, path, *options):
        return self.json("add", path, *options)[0]

    def bare_link(self, name):
        """The magnet link of a share without the way in, for those who shall come by another."""
        return self.ok("torrent", name, "--magnet").out.split("&tr=")[0].split("&x.pe=")[0].strip()

    def unfinished(self):
        """Path of the only download that is unfinished."""
        path, = (self.dir / ".shoal").iterdir()
        return path

    def download_row(self, share_id):
        for row in self.json("status")["downloads"]:
            if row["id"] == share_id:
                return row
        return None

    def wait_done(self, share_id, at_least, seconds=PATIENCE):
        """Waits until the download has at least so many verified bytes."""
        def far_enough():
            row = self.download_row(share_id)
            return row if row and row["done"] >= at_least else None
        return wait_for(far_enough, f"{self.name} has {at_least} bytes", seconds)


class Swarm:
    """Fills `self.directory` with processes and files; who inherits this has addCleanup()."""

    def signs_of_a_bug(self):
        """One (file name, sign, text around it) for each log that holds a sign."""
        found = []
        for log in sorted(self.directory.glob("*.log")):
            text = log.read_text(errors="replace")
            for sign in SIGNS_OF_A_BUG:
                at = text.find(sign)
                if at >= 0:
                    found.append((log.name, sign, text[max(0, at - 3000):at + 3000]))
        return found

    def tracker(self, *arguments, name="tracker"):
        options = ["tracker", *arguments]
        if "--log-level" not in arguments:
            options += ["--log-level", "debug"]
        if "--listen" not in arguments:
            options += ["--listen", "127.0.0.1:0"]
        return Process(self, options, self.directory / f"{name}.log")

    def peer(self, name, tracker=None, *arguments):
        options = list(arguments)
        if tracker is not None:
            options += ["--tracker", tracker.ready["listen"][0]]
        return Peer(self, name, self.directory, *options)

    def file(self, name, size, seed=0):
        """A file of pseudo-random bytes; the same seed makes the same bytes."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        block = bytearray(hashlib.shake_256(f"{name} {seed}".encode()).digest(1 << 20))
        with open(path, "wb") as out:
            for begin in range(0, size, 1 << 20):
                # Every block differs: a piece in the wrong place is noticed, and none is a copy of another.
                for at in range(0, 1 << 20, 16 << 10):
                    block[at:at + 8] = (begin + at).to_bytes(8, "big")
                out.write(block[:size - begin])
        return path

    def key(self, name, secret=None):
        """A key file for a private swarm."""
        path = self.directory / name
        text = base64.b64encode(secret or os.urandom(32)).decode()
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"shoal-swarm-key-1 {text}\n")
        return path

    def wait_listed(self, peer, name, seconds=PATIENCE, **wanted):
        """Waits until the peer's list shows the share, hashed and with these numbers."""
        def listed():
            for row in peer.json("list"):
                if row["name"] == name and row["id"] and all(row[key] == value for key, value in wanted.items()):
                    return row
            return None
        return wait_for(listed, f"{peer.name} lists {name} {wanted}", seconds)

    def wait_peers(self, peer, count, seconds=PATIENCE):
        return wait_for(lambda: len(peer.json("peers")) == count, f"{peer.name} sees {count} peers", seconds)


class SwarmTest(Swarm, unittest.TestCase):
    """A temporary directory with a swarm in it; no log may tell of a bug when the test ends."""

    in_memory = False  # on tmpfs

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="shoal-test-", dir="/dev/shm" if self.in_memory else None))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.addCleanup(self.check_logs)

    def check_logs(self):
        for name, sign, text in self.signs_of_a_bug():
            self.fail(f"'{sign}' in {name}: {text}")


def rot(path, at):
    """Changes one byte, and nothing by which that could be seen without reading: as disks do."""
    assert str(path).startswith("/dev/shm"), "elsewhere the kernel sets the times of files that are mapped"
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        content[at] ^= 1


def stop(process):
    process.signal(signal.SIGSTOP)
    # Its threads stop one after the other.
    os.waitid(os.P_PID, process.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


def go_on(process):
    process.signal(signal.SIGCONT)
