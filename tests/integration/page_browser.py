"""A real Chromium that shows the page, for page_test and tools/page_speed.

engine/gateway/ui/test/browser.mjs drives it; its modules are in the build directory of the program.
"""
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from harness import NODE

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRIVER = ROOT / "engine/gateway/ui/test/browser.mjs"
MODULES = pathlib.Path(NODE).resolve().parent / "page"


def first_of(*programs):
    return next((path for path in map(shutil.which, programs) if path), None)


def lacking():
    """Why no browser can be started here; "" if one can."""
    if not first_of("nodejs", "node"):
        return "Node.js is missing: install nodejs"
    if (MODULES / "left_out").exists() or not (MODULES / "node_modules/playwright-core").is_dir():
        return "the build has no page: install npm, then configure and build again"
    if not first_of("chromium", "chromium-browser", "google-chrome"):
        return "a browser is missing: install chromium"
    return ""


class Browser:
    """Ends with its owner, which has unittest's addCleanup()."""

    def __init__(self, owner):
        reason = lacking()
        if reason:
            raise unittest.SkipTest(reason)
        self.process = subprocess.Popen(
            [first_of("nodejs", "node"), str(DRIVER), str(MODULES),
             first_of("chromium", "chromium-browser", "google-chrome")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        owner.addCleanup(self.close)

    def close(self):
        if self.process.poll() is None:
            # At the end of its input it closes the browser.
            self.process.stdin.close()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()

    def ask(self, what, **more):
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the browser ended"
        answer = json.loads(line)
        assert "failed" not in answer, f"{what} {more}: {answer.get('failed')}"
        return answer["is"]

    def open(self, url, scheme="light", width=1280, height=900, password=None):
        self.ask("open", url=url, scheme=scheme, width=width, height=height, password=password)

    def go(self, view):
        """Shows another view."""
        self.value(f"void (location.hash = {json.dumps(view)})")
        self.wait(f"document.querySelector('h1') && location.hash === {json.dumps(view)}")

    def value(self, expression):
        return self.ask("value", of=expression)

    def wait(self, expression, seconds=60):
        return self.ask("wait", **{"for": expression, "seconds": seconds})

    def click(self, at):
        self.ask("click", at=at)

    def fill(self, at, text):
        self.ask("fill", at=at, text=text)

    def press(self, keys, at=None):
        self.ask("press", at=at, text=keys)

    def save(self, folder, name):
        if folder:
            os.makedirs(folder, exist_ok=True)
            self.ask("save", to=str(pathlib.Path(folder) / f"{name}.png"))

    def rows(self, label):
        """The cells of all rows of a list that are in the document, as texts."""
        return self.value(f"[...document.querySelectorAll('[aria-label=\"{label}\"] .rows [role=row]')]"
                          ".map((row) => [...row.children].map((cell) => cell.innerText.trim()))")

    def troubles(self):
        return self.ask("troubles")
