"""The machine that measures: what it is, how busy others keep it, and its memory, which must be warm.

Virtual machines give idle memory back to their host; touching it again costs several times as much as touching memory
that was used a moment ago. warm_memory() pays for that before the clock starts.
"""
import mmap
import os
import pathlib
import platform
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
CPUS = os.cpu_count()
KERNEL_THREADS = 2  # the pid of kthreadd, their parent


def memory_available():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def warm_memory(size):
    """Touches `size` bytes and frees them, so that whoever needs them next gets warm pages."""
    size = min(size, memory_available() // 2)
    if size <= 0:
        return
    with mmap.mmap(-1, size) as memory:
        for offset in range(0, size, mmap.PAGESIZE):
            memory[offset] = 1


# How busy.

class Watch:
    """While the `with` lasts: the share of the machine's CPUs that others use, `busy_share`, 0 to 1.

    Others are whatever is not this process, its descendants or the kernel's own threads, and the host of a virtual
    machine, if it takes CPUs away.
    """

    def __enter__(self):
        self.begun = self._now()
        return self

    def __exit__(self, *_):
        seconds, all_, own = (after - before for after, before in zip(self._now(), self.begun))
        self.busy_share = max(0.0, all_ - own) / TICKS / (seconds * CPUS) if seconds > 0 else 0.0

    @staticmethod
    def _now():
        user, nice, system, _, _, _, _, steal = map(int, pathlib.Path("/proc/stat").read_text().split()[1:9])
        return time.monotonic(), user + nice + system + steal, _own_ticks()


def _own_ticks():
    """CPU of this process, its descendants, those that ended included, and the kernel's threads."""
    parents, ticks = {}, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                text = pathlib.Path(f"/proc/{name}/stat").read_text()
            except OSError:
                continue  # ended meanwhile
            fields = text[text.rindex(")") + 2:].split()
            parents[int(name)] = int(fields[1])
            ticks[int(name)] = sum(map(int, fields[11:15]))
    own = {os.getpid(), KERNEL_THREADS}
    return sum(ticks[pid] for pid in ticks if _descends(pid, own, parents))


def _descends(pid, own, parents):
    while pid and pid not in own:
        pid = parents.get(pid, 0)
    return pid in own


# What it is.

def describe(root):
    """(what, value) of what a reader must know to judge a figure."""
    commit = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return [("processor", f"{_processor()}, {CPUS} cores"),
            ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"),
            ("kernel", f"{platform.system()} {platform.release()}"),
            ("system", platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")),
            ("shoal", commit.stdout.strip() or "unknown")]


def _processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
