"""What tools/chaos does to the machines of its swarm besides killing: disks that are full or fail, sources that change,
links that are cut, addresses that change, and dates that jump. Each fault lasts a moment, and says what a download may end with meanwhile."""
import contextlib
import os
import shutil
import subprocess
import time

import faulty_disk

MB = 1_000_000
# Of each downloader's disk, a tmpfs: room for all shares and the partial of the largest.
DISK_BYTES = 400 * MB
# Left free on a disk that is full.
FREE_BYTES_MAX = 3 * MB
LASTS_SECONDS = (0.3, 4)
# How often which fault is chosen.
WEIGHTS = {"full": 3, "write": 2, "short": 2, "sync": 2, "record": 2, "source": 3, "cut": 3, "address": 3, "clock": 1}
# A download may end with one of these while such a fault lasts, or soon after. What begins on a full disk fails at once.
EXCUSES = {"write": "Input/output error", "sync": "Input/output error", "full": "not enough space", "record": "state.db",
           "cut": "No route to host"}
# The end of a fault and the row that tells of it: at most this far apart.
EXCUSED_SECONDS = 20


def possible():
    return os.geteuid() == 0 and faulty_disk.compiler() is not None and not os.environ.get("SHOAL_SANITIZE")


class Fault:
    def __init__(self, kind, where, ends, undo):
        self.kind, self.where, self.ends, self.undo = kind, where, ends, undo


class Faults:
    """At most one fault of a kind at a time. `plan` is the random source of the choices."""

    def __init__(self, chaos, plan):
        self.chaos, self.plan = chaos, plan
        self.active = []
        self.excused = []  # (member, until, text)
        self.counts = dict.fromkeys(WEIGHTS, 0)

    def prepare(self, member):
        """Before the first life of a peer: a disk of its own that can fail."""
        member.faults = faulty_disk.FaultyDisk(self.chaos.directory, member.name)
        if member.kind != "downloader":
            return
        member.files.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", member.files], check=True)
        self.chaos.addCleanup(subprocess.run, ["umount", "-l", member.files], check=True)

    def begin_one(self):
        """One more fault, or none if its kind is active already. Returns its name for the log, or ""."""
        kind = self.plan.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        lasts = self.plan.uniform(*LASTS_SECONDS)
        number, share = self.plan.random(), self.plan.random()
        if any(one.kind == kind for one in self.active):
            return ""
        peers = self.chaos.downloaders if kind in ("full", "write", "short", "sync", "record") else self.chaos.peers
        member = self.chaos.seeders[-1] if kind == "source" else peers[int(number * len(peers))]
        undo = getattr(self, kind)(member, share)
        self.active.append(Fault(kind, member, time.monotonic() + lasts, undo))
        self.counts[kind] += 1
        return f"{kind} at {member.name} for {lasts:.1f} s"

    def end_due(self, everything=False, kind=None, where=None):
        for one in list(self.active):
            if everything or (one.kind, one.where) == (kind, where) or time.monotonic() >= one.ends:
                self.active.remove(one)
                one.undo()
                if one.kind in EXCUSES:
                    self.excused.append((one.where, time.monotonic() + EXCUSED_SECONDS, EXCUSES[one.kind]))

    def texts(self, member):
        """What words and downloads of the peer may fail with."""
        active = [EXCUSES[one.kind] for one in self.active if one.where is member and one.kind in EXCUSES]
        return active + [text for where, until, text in self.excused if where is member and time.monotonic() < until]

    def excuses(self, member, text):
        """A fault that was made is the cause of this error."""
        return any(one in text for one in self.texts(member))

    # The kinds. Each begins and returns what ends it.

    def full(self, member, share):
        filler = self.chaos.directory / member.name / ".filler"
        status = os.statvfs(member.files)
        count = max(0, status.f_bavail * status.f_frsize - int(share * FREE_BYTES_MAX))
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as out:
            for begin in range(0, count, MB):
                out.write(bytes(min(MB, count - begin)))
        return lambda: filler.unlink(missing_ok=True)

    def plan_of(self, member, *lines):
        member.plan_lines = getattr(member, "plan_lines", []) + list(lines)
        member.faults.set(*member.plan_lines)

        def undo():
            for line in lines:
                member.plan_lines.remove(line)
            member.faults.set(*member.plan_lines)
        return undo

    def write(self, member, share):
        return self.plan_of(member, f"fault {member.files} pwrite EIO {share * share:.3f}")

    def short(self, member, share):
        return self.plan_of(member, f"fault {member.files} pwrite,pread,sendfile short {share:.3f}",
                            f"fault {self.state_of(member)} pwrite,write short {share:.3f}")

    def sync(self, member, share):
        return self.plan_of(member, f"fault {member.files} fdatasync,fsync,syncfs EIO {share:.3f}")

    def record(self, member, share):
        """The disk of the state directory is full."""
        return self.plan_of(member, f"fault {self.state_of(member)} pwrite,write,ftruncate,fallocate ENOSPC {share:.3f}")

    def state_of(self, member):
        return self.chaos.directory / f"{member.name}.state"

    def clock(self, member, share):
        return self.plan_of(member, f"clock {3600 if share < 0.5 else -3600}")

    def cut(self, member, share):
        """The cable is out: nothing is reset, frames vanish."""
        network, hosts = self.chaos.network, [member.host]
        network.set_links(hosts, up=False)
        return lambda: network.set_links(hosts, up=True)

    def address(self, member, share):
        """The host has another address from now on; what was connected to the old one hears nothing more."""
        member.host.set_address(f"10.77.{1 + self.counts['address'] % 200}.{member.host.index + 1}")
        return lambda: None

    def source(self, seeder, share):
        """Somebody edits, cuts, replaces or deletes what a seeder shares, and puts it back later."""
        path = self.chaos.copies[int(share * 3) % len(self.chaos.copies)]
        original = self.chaos.originals[self.chaos.copies.index(path)]
        victim = sorted(one for one in path.rglob("*") if one.is_file())[0] if path.is_dir() else path
        kept = original / victim.relative_to(path) if path.is_dir() else original
        how = int(share * 12) % 4
        if how == 0:
            with open(victim, "r+b") as file:
                file.seek(victim.stat().st_size // 2)
                file.write(b"edited")
        elif how == 1:
            os.truncate(victim, victim.stat().st_size // 3)
        elif how == 2:
            other = victim.with_name("other")
            other.write_bytes(b"of somebody else")
            other.rename(victim)
        else:
            victim.unlink()

        def undo():
            again = self.chaos.directory / "put-back"
            shutil.copy2(kept, again)
            again.rename(victim)
        return undo
