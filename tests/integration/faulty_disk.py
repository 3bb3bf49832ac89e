"""Lets the disk of a process fail, or lose what was not synced: see faulty_disk.c."""
import os
import pathlib
import shutil
import struct
import subprocess
import unittest

SOURCES = pathlib.Path(__file__).resolve().parent
RECORD = struct.Struct("=QQQQQQ")


def compiler():
    return shutil.which("cc") or shutil.which("clang-19")


# For tests that preload a library.
needed = unittest.skipIf(compiler() is None or os.environ.get("SHOAL_SANITIZE"),
                         "needs a C compiler, and a program that takes a preloaded library")


def preloaded(directory, name):
    """Builds NAME.c of this folder, in `directory`. Returns how the command line of a process begins that suffers from it."""
    library = pathlib.Path(directory) / f"{name}.so"
    if not library.exists():
        subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-pthread", "-o", library,
                        SOURCES / f"{name}.c", "-ldl"], check=True)
    return ["env", f"LD_PRELOAD={library}"]


class FaultyDisk:
    """The library and its plan, in `directory`. `prefix` begins the command line of a process that suffers from it."""

    def __init__(self, directory, name="faults"):
        directory = pathlib.Path(directory)
        self.plan = directory / f"{name}.plan"
        self.log = directory / f"{name}.log-of-writes"
        self.set()
        self.prefix = [*preloaded(directory, "faulty_disk"), f"SHOAL_FAULTY_DISK={self.plan}"]

    def set(self, *lines):
        """The plan from now on; without lines nothing fails."""
        new = self.plan.with_suffix(".new")
        new.write_text("".join(line + "\n" for line in lines))
        new.rename(self.plan)

    def lose_unsynced(self, folder, choose):
        """Takes back writes below `folder` that were not synced, if choose() says so, newest first. The process is dead.
        Returns how many bytes were lost."""
        paths = {path.stat().st_ino: path for path in pathlib.Path(folder).rglob("*") if path.is_file()}
        writes, synced, synced_all = [], {}, 0
        with open(self.log, "rb") as log:
            while header := log.read(RECORD.size):
                sequence, inode, offset, count, old_count, old_size = RECORD.unpack(header)
                old = log.read(old_count)
                if count > 0:
                    writes.append((sequence, inode, offset, count, old, old_size))
                elif inode == 0:
                    synced_all = max(synced_all, sequence)
                else:
                    synced[inode] = max(synced.get(inode, 0), sequence)
        lost = 0
        for sequence, inode, offset, count, old, old_size in reversed(writes):
            if inode not in paths or sequence < max(synced.get(inode, 0), synced_all) or not choose():
                continue
            with open(paths[inode], "r+b") as file:
                file.seek(offset)
                # A file that was not so long had nothing there.
                file.write(old + bytes(count - len(old)))
                if offset + count > old_size and os.fstat(file.fileno()).st_size == offset + count:
                    file.truncate(max(old_size, offset + len(old)))
            lost += count
        self.log.unlink()
        return lost
