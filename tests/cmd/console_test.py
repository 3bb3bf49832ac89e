#!/usr/bin/env python3
"""Drives `node peer` on a pseudo-terminal, as a person would: console_test.py NODE."""
import fcntl
import os
import pty
import select
import shutil
import signal
import socket
import struct
import sys
import tempfile
import termios
import time

NODE = os.path.abspath(sys.argv[1])
WAIT_SECONDS = 20


class Terminal:
    """A node on a terminal of its own; what it shows is in `shown`."""

    def __init__(self, words, directory):
        self.shown = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            os.environ.update(TERM="xterm", HOME=directory)
            os.execv(NODE, [NODE] + words)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def expect(self, text):
        """Waits for `text` after what was expected before."""
        end = time.monotonic() + WAIT_SECONDS
        while text not in self.shown:
            left = end - time.monotonic()
            ready, _, _ = select.select([self.terminal], [], [], max(0, left))
            if not ready:
                raise SystemExit(f"no {text!r} within {WAIT_SECONDS} s, but {self.shown!r}")
            try:
                more = os.read(self.terminal, 65536)
            except OSError:
                more = b""
            if not more:
                raise SystemExit(f"the end instead of {text!r}: {self.shown!r}")
            self.shown += more.decode(errors="replace")
        self.shown = self.shown.split(text, 1)[1]

    def type(self, text):
        os.write(self.terminal, text.encode())

    def line(self, text, answer):
        self.type(text + "\r")
        self.expect(answer)
        self.expect("shoal> ")

    def until_editing(self):
        """The prompt appears a moment before the line editor has the terminal; a control key that is typed in between
        is taken by the terminal itself, as in every shell."""
        end = time.monotonic() + WAIT_SECONDS
        while termios.tcgetattr(self.terminal)[3] & termios.ICANON:
            if time.monotonic() > end:
                raise SystemExit("the line editor does not take the terminal")
            time.sleep(0.001)

    def exit_code(self):
        begun = time.monotonic()
        while True:
            ready, _, _ = select.select([self.terminal], [], [], 0.02)
            if ready:
                try:
                    self.shown += os.read(self.terminal, 65536).decode(errors="replace")
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status), time.monotonic() - begun
            if time.monotonic() - begun > WAIT_SECONDS:
                os.kill(self.pid, signal.SIGKILL)
                raise SystemExit(f"the peer does not end, but shows {self.shown[-500:]!r}")


def check(condition, text):
    if not condition:
        raise SystemExit("failed: " + text)


def session(directory):
    console = Terminal(["peer", "--state", "st", "--listen", "127.0.0.1:0"], directory)
    console.expect("listens on 127.0.0.1:")
    console.expect("shoal> ")
    check("READY" not in console.shown, "no READY line on a terminal")
    console.line("list", "nothing is shared yet")
    console.line("ADD 'my file'", "shared my file")
    console.type("add größ\t")
    console.expect(".bin")
    console.line("", "shared größe.bin")
    console.line("get", "my file")
    console.line("STATUS", "my file")
    console.line("verify my\\ file", "all 2 pieces right")
    console.line("torrent 'my file' --magnet", "magnet:?xt=urn:btmh:1220")
    console.line("Down nothing-of-that-name", "error: ")
    console.line("add 'half", "error: a quote ' is not closed")
    console.line("lsit", "did you mean 'list'?")
    console.line("peer", "cannot be used in the console")
    console.line("help add", "Usage: node add")
    console.line("Down nothing-of-that-name --json", '{"error":{"class":"')
    console.line("lsit --json", '{"error":{"class":"usage"')
    console.line("lsit", "error: unknown command")
    console.until_editing()
    console.type("half a line\x03")
    console.expect("\r\nshoal> ")
    console.line("REMOVE 'my file'", "removed my file")
    console.line("add *file", "shared my file")
    console.line("remove my\\ file größe.bin", "removed größe.bin")
    console.line("add ~/my?file", "shared my file")
    console.type("torrent 'my file' -o ~/my.torrent\r")
    console.expect("shoal> ")
    check(os.path.exists(os.path.join(directory, "my.torrent")), "a tilde after -o means the home directory")
    console.line("REMOVE 'my file'", "removed my file")
    console.until_editing()
    console.type("\x1b[A")
    console.expect("REMOVE 'my file'")
    console.type("\x03")
    console.expect("\r\nshoal> ")
    console.until_editing()
    console.type("\x04")
    code, _ = console.exit_code()
    check(code == 0, f"exit code {code} after Ctrl-D")
    with open(os.path.join(directory, "st", "history"), encoding="utf-8") as history:
        check("STATUS" in history.read(), "the history is kept")


def ends(directory, act, name):
    console = Terminal(["peer", "--state", "st", "--listen", "127.0.0.1:0"], directory)
    console.expect("shoal> ")
    act(console)
    code, seconds = console.exit_code()
    check(code == 0 and seconds < 5, f"{name}: exit code {code} after {seconds:.1f} s")


def log_beside_the_prompt(directory):
    with socket.create_server(("127.0.0.1", 0)) as server:
        tracker = f"127.0.0.1:{server.getsockname()[1]}"
        console = Terminal(["peer", "--state", "st", "--listen", "127.0.0.1:0", "--tracker", tracker], directory)
        connection, _ = server.accept()
        console.expect("shoal> ")
        console.until_editing()
        console.type("statu")
        console.expect("statu")
        connection.close()
    console.expect("\r\x1b[J2")
    console.expect("tracker is gone")
    console.expect("\n")
    console.expect("shoal> statu")
    console.line("s", "not connected")
    console.until_editing()
    console.type("\x04")
    check(console.exit_code()[0] == 0, "the console ends")


def without_console(directory):
    terminal = Terminal(["peer", "--no-console", "--state", "st", "--listen", "127.0.0.1:0"], directory)
    terminal.expect("READY {")
    os.kill(terminal.pid, signal.SIGTERM)
    check(terminal.exit_code()[0] == 0, "a peer without console ends")
    check("shoal>" not in terminal.shown, "there is no prompt")


def main():
    directory = tempfile.mkdtemp(prefix="shoal-console-")
    try:
        for name in ("my file", "größe.bin"):
            with open(os.path.join(directory, name), "wb") as file:
                file.write(os.urandom(70000))
        session(directory)
        ends(directory, lambda console: console.type("quit\r"), "QUIT")
        ends(directory, lambda console: console.type("STOP\r"), "STOP")
        ends(directory, lambda console: os.kill(console.pid, signal.SIGTERM), "SIGTERM")
        ends(directory, lambda console: os.kill(console.pid, signal.SIGHUP), "SIGHUP")
        log_beside_the_prompt(directory)
        without_console(directory)
    finally:
        shutil.rmtree(directory)


main()
