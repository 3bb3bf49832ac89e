"""What a benchmark gets: where to write, whom to compare with, and how to say what it found.

A benchmark measures by alternate(), which runs the subjects in turn so that a change of the machine hits all alike, and
then states rows. A row is the median of its samples; it is quiet when nobody else used the machine while they were
taken. Everything that the suite hands out is gone when the run ends.
"""
import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import statistics
import tempfile

import goals
import harness
import machine
import rivals
from problem import Problem

REPEATS = 3
# Others may use this share of the machine before a row is not quiet any more.
BUSY_SHARE_MAX = 0.05
MIB = 1 << 20


class Nodes(harness.Swarm):
    """Trackers and peers in one directory, killed at the end of the `with`: nodes.tracker(), nodes.peer(name, tracker)."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.stack = contextlib.ExitStack()

    def addCleanup(self, function, *arguments, **named):
        self.stack.callback(function, *arguments, **named)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def tracker(self, *arguments, name="tracker"):
        return super().tracker("--log-level", "warn", *arguments, name=name)

    def peer(self, name, tracker=None, *arguments):
        return super().peer(name, tracker, "--log-level", "warn", *arguments)


class Suite:
    def __init__(self, root, quick):
        self.root = pathlib.Path(root)
        self.quick = quick
        self.node = self.root / "build/release/node"
        self.programs = self.root / "build/release/bench"
        self.rivals = rivals.ALL
        self.report = None  # the Report that listens
        self.busy = {}
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.require_file(self.node)
        return self

    def __exit__(self, *_):
        self.stack.close()

    # Where to write.

    def _scratch(self, where):
        try:
            path = pathlib.Path(tempfile.mkdtemp(prefix="shoal-bench-", dir=where))
        except OSError as error:
            raise Problem(f"'{where}' cannot be written: {error.strerror}; run where it can be") from error
        self.stack.callback(shutil.rmtree, path, ignore_errors=True)
        return path

    @property
    def memory_directory(self):
        """A directory in RAM, the same for the whole run; leave it as empty as you find it."""
        if not hasattr(self, "_memory"):
            self._memory = self._scratch("/dev/shm")
        return self._memory

    @property
    def disk_directory(self):
        """A directory on the disk that holds the source tree, the same for the whole run."""
        if not hasattr(self, "_disk"):
            where = self.root / "build/bench"
            where.mkdir(parents=True, exist_ok=True)
            self._disk = self._scratch(where)
        return self._disk

    @contextlib.contextmanager
    def directory(self, where=None):
        """A new directory in memory_directory, or in `where`, that is gone after the `with`."""
        path = pathlib.Path(tempfile.mkdtemp(dir=where or self.memory_directory))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def nodes(self, directory):
        return Nodes(directory)

    # What a benchmark needs.

    def require_space(self, directory, size):
        free = shutil.disk_usage(directory).free
        if str(directory).startswith("/dev/shm"):
            free = min(free, machine.memory_available())
        if free < size:
            raise Problem(f"'{directory}' has {free // MIB} MiB free, {size // MIB} are needed: make room, or use --quick")

    def require_file(self, path):
        if not os.access(path, os.X_OK):
            raise Problem(f"there is no program '{path}': build it with tools/bench")
        return path

    def available(self, *names):
        """Those of the rivals that are installed, in this order; says which are not."""
        missing = [name for name in names if not self.rivals[name].available()]
        if missing:
            self.say(f"not installed: {', '.join(missing)} (tools/bench --install-rivals)")
        return [self.rivals[name] for name in names if name not in missing]

    # Measuring.

    def alternate(self, subjects, repeats=None, once=()):
        """Calls the subjects A B A B …, `repeats` times each (default 3, 1 with --quick); returns {subject: [result]}.

        Those in `once` run in the first round only: for what is far behind and takes long. State the rows of these
        results before the next alternate() with the same subjects: whether a row is quiet is looked up by its subject.
        """
        results = {subject: [] for subject in subjects}
        self.busy = {}
        for subject in self._turns(subjects, repeats, once):
            with machine.Watch() as watch:
                results[subject].append(subjects[subject]())
            self.busy[subject] = max(self.busy.get(subject, 0.0), watch.busy_share)
        return results

    def side_by_side(self, subjects, at_once, repeats=None, once=()):
        """As alternate(), but `at_once` calls run at the same time: for what takes long and leaves the machine idle."""
        results = {subject: [] for subject in subjects}
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool, machine.Watch() as watch:
            running = [(subject, pool.submit(subjects[subject])) for subject in self._turns(subjects, repeats, once)]
            for subject, call in running:
                results[subject].append(call.result())
        self.busy = dict.fromkeys(subjects, watch.busy_share)
        return results

    def _turns(self, subjects, repeats, once):
        repeats = repeats or (1 if self.quick else REPEATS)
        return [subject for turn in range(repeats) for subject in subjects if turn == 0 or subject not in once]

    def row(self, case, subject, metric, samples, unit, goal=None, limit=None):
        """States the median of the samples.

        With `limit`, what the machine or the theory allows in the same unit, the row also has the ratio to it. The goal,
        as "≥ 0.95" or "≤ 64 MiB", is for the ratio where there is one, else for the median. Returns the row.
        """
        samples = [float(sample) for sample in samples]
        if not samples:
            raise Problem(f"{case} {subject} {metric}: no sample was taken")
        value = statistics.median(samples)
        ratio = None if limit is None else value / limit
        busy = self.busy.get(subject, max(self.busy.values(), default=0.0))
        row = {"case": case, "subject": subject, "metric": metric, "value": value, "unit": unit, "samples": samples,
               "limit": limit, "ratio": ratio, "goal": goal,
               "met": None if goal is None else goals.met(value if ratio is None else ratio, goal),
               "busy": round(busy, 4), "quiet": busy <= BUSY_SHARE_MAX}
        self.report.row(row)
        return row

    def say(self, text):
        print(text, flush=True)

    # Pictures, in the report below the rows of the benchmark.

    def line_plot(self, name, title, x_label, y_label, lines, ideal=None):
        """`lines` is {label: [(x, y), …]}; `ideal` is one more such list, drawn dashed."""
        self.report.line_plot(name, title, x_label, y_label, lines, ideal)

    def bar_plot(self, name, title, y_label, bars):
        self.report.bar_plot(name, title, y_label, bars)

    def course_plot(self, name, title, y_label, panels, bound):
        """`panels` is {subject: {source: [(seconds, rate), …]}}; `bound` is a time."""
        self.report.course_plot(name, title, y_label, panels, bound)
