"""Units, man pages, completion, settings and scripts of the package. A program that is missing skips its part."""
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
NODE = os.path.abspath(os.environ.get("SHOAL_NODE", ROOT / "build/dev/node"))
EXPOSURE_MAX = 3.0  # of systemd-analyze security: 0 is nothing at all, 10 is everything
UNITS = ("shoal-peer.service", "shoal-tracker.service")


def needs(*programs):
    missing = [name for name in programs if shutil.which(name) is None]
    return unittest.skipIf(missing, f"{', '.join(missing)} is not installed")


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, **options)


class PackagingTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="shoal-test-")
        self.addCleanup(folder.cleanup)
        self.directory = pathlib.Path(folder.name)

    def quiet(self, *words, **options):
        done = run(*words, **options)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), words)

    def help(self, *words):
        return run("shoal", "help", *words, executable=NODE).stdout

    @needs("systemd-analyze")
    def test_systemd_understands_every_line_of_the_units(self):
        # A root of its own, because the machine of the test has no /usr/bin/shoal.
        root = self.directory / "root"
        for name in UNITS:
            text = (PACKAGING / "systemd" / name).read_text()
            (root / "lib/systemd/system").mkdir(parents=True, exist_ok=True)
            (root / "lib/systemd/system" / name).write_text(text)
            for program in re.findall(r"^Exec\w+=(\S+)", text, re.MULTILINE):
                (root / program[1:]).parent.mkdir(parents=True, exist_ok=True)
                (root / program[1:]).touch(0o755)
        for target in ("basic", "sysinit", "shutdown", "network-online", "multi-user"):
            (root / "lib/systemd/system" / f"{target}.target").write_text(f"[Unit]\nDescription={target}\n")
        self.quiet("systemd-analyze", "verify", "--man=no", f"--root={root}", *UNITS)

    @needs("systemd-analyze")
    def test_the_services_are_shut_in(self):
        for name in UNITS:
            done = run("systemd-analyze", "security", "--offline=true", PACKAGING / "systemd" / name)
            exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
            self.assertIsNotNone(exposure, done.stdout + done.stderr)
            self.assertLessEqual(float(exposure[1]), EXPOSURE_MAX, done.stdout)

    def test_the_program_takes_what_the_units_give_it(self):
        for name, command in zip(UNITS, ("peer", "tracker")):
            words = re.search(r"^ExecStart=/usr/bin/shoal (.*)$", (PACKAGING / "systemd" / name).read_text(),
                              re.MULTILINE)[1].split()
            self.assertEqual(words[0], command)
            # The settings as they are delivered, each one that is commented out set to its example, and one that is wrong.
            delivered = (PACKAGING / "debian" / f"{command}.ini").read_text()
            everything = re.sub(r"^#([a-z-]+ = )", r"\1", delivered, flags=re.MULTILINE)
            self.assertNotEqual(delivered, everything)
            for text in (delivered, everything):
                config = self.directory / f"{command}.ini"
                config.write_text(text + "\nwrong = 1\n")
                given = [str(config) if word.startswith("/etc/shoal/") else word for word in words]
                said = run(NODE, *given, env={**os.environ, "HOME": str(self.directory)})
                # It read every line in front of the wrong one.
                self.assertEqual(said.returncode, 2)
                self.assertIn("unknown setting 'wrong'", said.stderr)

    @needs("groff")
    def test_man_pages_have_all_that_help_says(self):
        self.quiet(ROOT / "tools/man_pages", NODE, self.directory)
        commands = re.findall(r"^  ([a-z]+) +[A-Z]", self.help(), re.MULTILINE)
        self.assertIn("download", commands)
        for command in ["", *commands]:
            page = self.directory / f"shoal{'-' if command else ''}{command}.1"
            packed = page.with_suffix(".1.gz")
            if command in ("help", "version"):
                self.assertFalse(packed.exists())
                continue
            page.write_bytes(gzip.decompress(packed.read_bytes()))
            self.quiet("groff", "-man", "-ww", "-z", "-Tutf8", page)
            shown = run("groff", "-man", "-Tascii", "-P-cbou", "-rLL=400n", "-rHY=0", page).stdout.lower()
            for word in re.findall(r"--[a-z][a-z-]+|[A-Za-z]{4,}", self.help(*([command] if command else []))):
                if word not in ("Usage", "Example", "codes"):  # these are headings of other words in a page
                    self.assertIn(word.lower(), shown, page.name)

    @needs("mandb", "man")
    def test_man_finds_the_pages_by_what_they_are_about(self):
        folder = self.directory / "man/man1"
        self.quiet(ROOT / "tools/man_pages", NODE, folder)
        self.quiet("mandb", "--quiet", "--create", "--user-db", self.directory / "man")
        said = run("man", "-M", self.directory / "man", "-k", "tracker")
        self.assertRegex(said.stdout, r"shoal-tracker \(1\) +- runs the tracker")

    def test_scripts_of_all_shells_parse(self):
        scripts = [*((shell, ROOT / f"cmd/completion.{shell}") for shell in ("bash", "zsh", "fish")),
                   *(("sh", PACKAGING / "debian" / name) for name in ("postinst", "prerm", "postrm")),
                   ("sh", PACKAGING / "systemd/back-off"), ("bash", PACKAGING / "container/healthy")]
        for shell, script in scripts:
            with self.subTest(script=script.name):
                if shutil.which(shell) is None:
                    self.skipTest(f"{shell} is not installed")
                self.quiet(shell, "-n", script)

    def test_back_off_waits_longer_after_each_failure(self):
        back_off = PACKAGING / "systemd/back-off"
        # Says how long it would wait instead of waiting.
        (self.directory / "sleep").write_text("#!/bin/sh\necho \"asleep $1\"\n")
        (self.directory / "sleep").chmod(0o755)
        environment = {"PATH": f"{self.directory}:{os.environ['PATH']}", "RUNTIME_DIRECTORY": str(self.directory)}

        def wait():
            done = run(back_off, "wait", env=environment)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return re.findall(r"asleep (\d+)", done.stdout)

        def end(outcome):
            self.quiet(back_off, "count", env={**environment, "SERVICE_RESULT": outcome})

        self.assertEqual(wait(), [])
        waited = []
        for _ in range(8):
            end("exit-code")
            waited += wait()
        self.assertEqual(waited, ["2", "4", "8", "16", "32", "60", "60", "60"])
        # A failure after a long good time is the first one again.
        old = (self.directory / "failures").stat().st_mtime - 3600
        os.utime(self.directory / "failures", (old, old))
        end("signal")
        self.assertEqual(wait(), ["2"])
        end("success")
        self.assertEqual(wait(), [])


if __name__ == "__main__":
    unittest.main()
