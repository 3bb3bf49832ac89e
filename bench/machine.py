"""The machine that measures: what it is, how busy others keep it, and its memory, which must be warm.

Virtual machines give idle memory back to their host; touching it again costs several times as much as touching memory
that was used a moment ago. warm_memory() pays for that before the clock starts.
"""
import mmap
import os
import pathlib
import platform
import re
import select
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")
CPUS = os.cpu_count()
KERNEL_THREADS = 2  # the pid of kthreadd, their parent
RSS_SECONDS = 0.005
RSS_COURSE_SECONDS = 0.1


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
    mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE).close()


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
        return time.monotonic(), user + nice + system + steal, _tree_ticks({os.getpid(), KERNEL_THREADS})


def tree_cpu_seconds(pid):
    """CPU seconds that a process and its descendants have used, those that ended included."""
    return _tree_ticks({pid}) / TICKS


def _tree_ticks(roots):
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
    return sum(ticks[pid] for pid in ticks if _descends(pid, roots, parents))


def _descends(pid, roots, parents):
    while pid and pid not in roots:
        pid = parents.get(pid, 0)
    return pid in roots


# One program.

class Run:
    """A program from start to end: code, out, err, seconds, cpu_seconds, begun and ended (epoch), rss_peak in bytes,
    rss, its course: [(seconds, bytes)], and first_data, when the first block of a file lay in the directory `target` (epoch).

    The peak is that of the first process alone, looked up every few milliseconds: what the kernel keeps for the parent
    begins with the size of the parent.
    """

    def __init__(self, command, seconds_max, target=None):
        self.command = list(map(str, command))
        self.rss_peak, self.rss, self.first_data = 0, [], None
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            self.begun = time.time()
            begun = time.monotonic()
            process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            ended = os.pidfd_open(process.pid)
            try:
                while not select.select([ended], [], [], RSS_SECONDS)[0]:
                    now = time.monotonic() - begun
                    peak, current = _memory_of(process.pid)
                    self.rss_peak = max(self.rss_peak, peak)
                    if target and not self.first_data and _has_data(target):
                        self.first_data = time.time()
                    if not self.rss or now > self.rss[-1][0] + RSS_COURSE_SECONDS:
                        self.rss.append((now, current))
                    if now > seconds_max:
                        process.kill()
            finally:
                os.close(ended)
            self.seconds = time.monotonic() - begun
            self.ended = time.time()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = self.code = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = used.ru_utime + used.ru_stime
            self.out, self.err = (file.seek(0) or file.read() for file in (out, err))


def _has_data(directory):
    return any(entry.is_file() and entry.stat().st_blocks for entry in os.scandir(directory)
               if ".aria2" not in entry.name)


def _memory_of(pid):
    """Peak and current RSS in bytes, 0 when it has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0, 0
    found = dict(re.findall(r"(VmHWM|VmRSS):\s+(\d+) kB", text))
    return int(found.get("VmHWM", 0)) * 1024, int(found.get("VmRSS", 0)) * 1024


# What it is.

def rules_network():
    """Whether this process may make network namespaces and limit their links."""
    wanted = 1 << 12 | 1 << 21  # CAP_NET_ADMIN, CAP_SYS_ADMIN
    held = re.search(r"CapEff:\s+(\w+)", pathlib.Path("/proc/self/status").read_text())
    return int(held[1], 16) & wanted == wanted


def describe(root):
    """(what, value) of what a reader must know to judge a figure."""
    commit = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return [("processor", f"{_processor()}, {CPUS} cores"),
            ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"),
            ("kernel", f"{platform.system()} {platform.release()}"),
            ("TCP", pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()),
            ("system", platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")),
            ("shoal", commit.stdout.strip() or "unknown")]


def _processor():
    """Its name, generation, and which of the instructions it has that decide how fast SHA-256 is."""
    facts = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    if "model name" not in facts:
        return platform.machine()
    generation = [f"family {facts.get('cpu family')}", f"model {facts.get('model')}"]
    instructions = [flag for flag in ("avx2", "sha_ni", "avx512f") if flag in facts.get("flags", "").split()]
    return f"{facts['model name']} ({', '.join(generation + instructions)})"
