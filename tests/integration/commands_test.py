"""What every command owes its user: an answer, a reason or an error, as text and as JSON, under every name."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

from harness import NODE, PATIENCE, Result, SwarmTest, go_on, stop, wait_for


HERE = pathlib.Path(__file__).resolve().parent


def node(*words, program=os.path.abspath(NODE), **options):
    return Result(subprocess.run([program, *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                 timeout=60, **options))


class CommandsTest(SwarmTest):
    def closed_port(self):
        """A port that refuses connections, and that nobody else gets meanwhile."""
        bound = socket.socket()
        self.addCleanup(bound.close)
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]

    def expect_json_error(self, result, code, name):
        self.assertEqual(result.code, code, result.err)
        self.assertEqual(result.out, "")
        failure = json.loads(result.err)
        self.assertEqual(list(failure), ["error"])
        self.assertEqual((failure["error"]["class"], failure["error"]["exit"]), (name, code))
        self.assertTrue(failure["error"]["message"])

    def test_every_error_is_one_json_object(self):
        a = self.peer("a")
        here = ["--state", a.state]
        nowhere = ["--state", self.directory / "none"]
        for words in (["--json"], ["lsit"], ["--bogus"], ["list", "--bogus"], ["download"], ["status", "x"], ["cancel"],
                      ["tracker", "--listen", "x:y"], ["tracker", "--heartbeat", "1"], ["help", "lsit"],
                      ["list", "--tracker", "udp://x:1"], ["stop", "--log-level", "loud"], ["peer", "--workers", "many"]):
            self.expect_json_error(node(*words, *([] if "--json" in words else ["--json"])), 2, "usage")
        for words in (["list"], ["peers"], ["status"], ["stop"], ["add", NODE], ["download", "x"], ["cancel", "x"],
                      ["remove", "x"], ["verify", "x"], ["torrent", "x", "--magnet"]):
            self.expect_json_error(node(*words, "--json", *nowhere), 3, "not_found")
        for words in (["cancel", "x"], ["remove", "x"], ["verify", "x"], ["torrent", "x", "-o", "x"],
                      ["add", self.directory / "none"], ["download", self.directory / "none.torrent"]):
            self.expect_json_error(node(*words, "--json", *here), 3, "not_found")
        self.expect_json_error(node("peer", "--json", *here), 7, "conflict")
        for words in (["list"], ["peers"], ["download", "x"]):
            self.expect_json_error(node(*words, "--json", *nowhere, "--tracker", f"127.0.0.1:{self.closed_port()}"), 4,
                                   "unreachable")

    def test_every_answer_is_json(self):
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        a.add(self.file("x.bin", 300_000))
        self.wait_listed(b, "x.bin")
        self.assertEqual(b.json("download", "x.bin")[0]["phase"], "complete")
        for words in (["list"], ["list", "nothing-*"], ["peers"], ["status"], ["verify", "x.bin"],
                      ["torrent", "x.bin"], ["add", "--help"]):
            b.json(*words)
        for words in (["help"], ["help", "add"], ["version"]):
            self.assertEqual(list(node(*words, "--json").json()), [words[0]])
        self.assertEqual(b.json("remove", "x.bin")["name"], "x.bin")
        self.assertEqual(b.json("stop"), {"stopped": True})
        process = subprocess.Popen([NODE, "tracker", "--listen", "127.0.0.1:0", "--json"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertTrue(json.loads(process.stdout.readline())["listen"])
        process.terminate()
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, out), (0, ""))
        for line in err.splitlines():
            json.loads(line)

    def test_a_stopped_peer_is_no_silence(self):
        a = self.peer("a")
        a.add(self.file("x.bin", 100_000))
        download = a.start("download", "f" * 64, "--peer", f"127.0.0.1:{self.closed_port()}")
        wait_for(lambda: a.json("status")["downloads"], "the download runs")
        stop(a)
        try:
            for words in (["status"], ["list"], ["stop"], ["download", "x.bin"], ["add", NODE], ["remove", "x.bin"]):
                begun = time.monotonic()
                result = a.run(*words)
                self.assertEqual(result.code, 4, result.err)
                self.assertIn(f"its process {a.process.pid} is stopped", result.err)
                self.assertLess(time.monotonic() - begun, 20)
            self.assertEqual(download.wait(PATIENCE), 4)
            self.assertIn("is stopped", download.stderr.read())
        finally:
            go_on(a)
            download.communicate()
        # Those who asked were told that nothing happens: so nothing does, now that it goes on.
        names = [share["name"] for share in wait_for(lambda: a.json("status")["shares"], "it answers")]
        self.assertEqual(names, ["x.bin"])
        self.assertIsNone(a.process.poll())

    def connect(self, peer):
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(PATIENCE)
        client.connect(str(peer.state / "control.sock"))
        return client

    def test_one_connection_too_many_is_told_so(self):
        a = self.peer("a")
        clients = [self.connect(a) for _ in range(300)]
        for words in (["status"], ["list"], ["download", "x"], ["stop"]):
            result = a.run(*words)
            self.assertEqual(result.code, 8, result.err)
            self.assertRegex(result.err, r"the peer serves \d+ connections to its control socket at once")
        self.expect_json_error(a.run("status", "--json"), 8, "limit")
        for client in clients:
            client.close()
        wait_for(lambda: a.run("status").code == 0, "there is room again")

    def test_a_notification_gets_no_answer(self):
        client = self.connect(self.peer("a"))
        for method in ("ping", "nothing", "status"):
            client.sendall(json.dumps({"jsonrpc": "2.0", "method": method}).encode() + b"\n")
        client.sendall(b'{"jsonrpc":"2.0","id":5,"method":"status"}\n')
        self.assertEqual(json.loads(client.makefile().readline())["id"], 5)

    def test_another_version_of_json_rpc_is_refused(self):
        client = self.connect(self.peer("a"))
        answers = client.makefile()
        for version in ({"jsonrpc": "1.0"}, {"jsonrpc": 2.0}, {}):
            client.sendall(json.dumps({**version, "id": 1, "method": "ping"}).encode() + b"\n")
            answer = json.loads(answers.readline())
            self.assertEqual((answer["id"], answer["error"]["code"]), (None, -32600))

    def test_who_sends_too_long_a_line_is_told_so(self):
        client = self.connect(self.peer("a"))
        block = b"x" * (1 << 20)
        try:
            for _ in range(400):
                client.sendall(block)
        except OSError:
            pass  # closed by the peer
        failure = json.loads(client.makefile().readline())["error"]
        self.assertEqual((failure["code"], failure["data"]["class"]), (8, "limit"))
        self.assertIn("342 MiB", failure["message"])
        self.assertIn("at most 342 MiB", (HERE.parent.parent / "docs/CONTROL.md").read_text())

    def test_a_peer_that_was_told_to_stop_has_ended(self):
        for _ in range(5):
            a = self.peer("a")
            a.ok("stop")
            self.assertEqual(a.process.poll(), 0)

    def test_of_several_paths_those_that_are_there_are_shared(self):
        a = self.peer("a")
        there = [self.file(name, 100_000) for name in ("x", "y")]
        result = a.run("add", there[0], self.directory / "none", there[1])
        self.assertEqual(result.code, 3, result.err)
        self.assertIn(str(self.directory / "none"), result.err)
        self.assertEqual(sorted(row["name"] for row in a.json("status")["shares"]), ["x", "y"])

    def test_a_mistake_in_a_link_is_told_though_no_peer_runs(self):
        result = node("download", "magnet:?xt=urn:btmh:12", "--state", self.directory / "none")
        self.assertEqual(result.code, 2, result.err)
        self.assertIn("magnet", result.err)

    def test_what_is_interrupted_before_it_began_is_no_success(self):
        a = self.peer("a")
        a.add(self.file("x", 100_000))
        pipe = self.directory / "pipe.torrent"
        os.mkfifo(pipe)
        for where in (["--state", a.state], ["--state", self.directory / "alone", "--peer", f"127.0.0.1:{a.port}"]):
            with self.subTest(where=where):
                waits = subprocess.Popen([NODE, "download", pipe, *map(str, where)], cwd=self.directory, text=True,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.addCleanup(waits.communicate)
                self.addCleanup(waits.kill)
                # A pipe is opened for writing when somebody reads it.
                with open(pipe, "wb"):
                    waits.send_signal(signal.SIGINT)
                    out, err = waits.communicate(timeout=PATIENCE)
                self.assertEqual((waits.returncode, out), (130, ""), err)
                self.assertIn("interrupted", err)

    def test_a_torrent_takes_the_place_of_a_torrent_alone(self):
        a = self.peer("a")
        content = self.file("x", 100_000)
        a.add(content)
        target = self.directory / "x.torrent"
        for _ in range(2):
            a.ok("torrent", "x", "-o", target)
        before = content.read_bytes()
        refused = a.run("torrent", "x", "-o", content)
        self.assertEqual(refused.code, 7)
        self.assertIn(f"{content} is there and is no .torrent file", refused.err)
        self.assertEqual(content.read_bytes(), before)
        target.write_bytes(b"")
        a.ok("torrent", "x", "-o", target)
        self.assertGreater(target.stat().st_size, 100)

    def test_a_torrent_may_come_from_a_pipe(self):
        a = self.peer("a")
        a.add(self.file("x", 100_000))
        a.ok("torrent", "x", "-o", self.directory / "x.torrent")
        pipe = self.directory / "pipe"
        os.mkfifo(pipe)
        for name in ("running", "alone"):
            with self.subTest(name):
                state = self.peer(name).state if name == "running" else self.directory / name
                down = self.directory / f"down-{name}"
                waits = subprocess.Popen([NODE, "download", pipe, "--state", state, "--dir", down, "--peer",
                                          f"127.0.0.1:{a.port}"], text=True, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.addCleanup(waits.communicate)
                self.addCleanup(waits.kill)
                pipe.write_bytes((self.directory / "x.torrent").read_bytes())
                out, err = waits.communicate(timeout=PATIENCE)
                self.assertEqual(waits.returncode, 0, err)
                self.assertEqual((down / "x").read_bytes(), (self.directory / "x").read_bytes())

    def test_a_stopped_tracker_is_no_silence(self):
        tracker = self.tracker()
        stop(tracker)
        at = tracker.ready["listen"][0]
        for word in ("list", "peers"):
            result = node(word, "--tracker", at, "--state", self.directory / "none")
            self.assertEqual((result.code, result.out), (4, ""))
            self.assertRegex(result.err, f"tracker {at} (has not answered|cannot be reached)")
        go_on(tracker)

    def test_a_list_without_its_tracker_says_of_when_it_is(self):
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        a.add(self.file("x.bin", 100_000))
        row = self.wait_listed(b, "x.bin")
        self.assertLess(abs(time.time() - row["as_of"]), 60)
        self.assertNotIn("away", b.ok("list").err)
        tracker.kill()
        wait_for(lambda: not b.json("status")["trackers"][0]["connected"], "the tracker is missed")
        result = b.run("download", "y.bin")
        self.assertEqual(result.code, 4, result.err)
        self.assertRegex(result.err, r"y\.bin.* tracker \S+ is away, which may list it")
        for word in ("list", "peers"):
            result = wait_for(lambda word=word: (found := b.ok(word)).err and found, "the note")
            self.assertRegex(result.err, r"tracker \S+ is away, what is listed from it is of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(.* ago\)")
            result = b.ok(word, "--json")
            self.assertIn("is away", json.loads(result.err)["note"])
            self.assertLessEqual(result.json()[0]["as_of"], time.time())
            self.assertGreaterEqual(result.json()[0]["as_of"], row["as_of"] - 60)

    def test_signals_end_everything_in_order(self):
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            tracker = self.tracker(name=f"tracker{number}")
            a = self.peer(f"a{number}", tracker)
            waiting = a.start("download", "f" * 64, "--peer", f"127.0.0.1:{self.closed_port()}")
            wait_for(lambda: a.json("status")["downloads"], "the download runs")
            waiting.send_signal(number)
            waiting.communicate(timeout=PATIENCE)
            self.assertEqual(waiting.returncode, 130)
            for process in (a, tracker):
                process.signal(number)
                self.assertEqual(process.process.wait(PATIENCE), 0)
            self.assertFalse((a.state / "control.sock").exists())
        # nohup(1) asks for a process that outlives its terminal.
        a = self.peer("kept")
        words = [NODE, "peer", "--state", self.directory / "nohup", "--listen", "127.0.0.1:0"]
        process = subprocess.Popen(["nohup", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        self.assertTrue(process.stdout.readline().startswith(b"READY"))
        process.send_signal(signal.SIGHUP)
        self.assertEqual(node("status", "--state", self.directory / "nohup").code, 0)
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)
        process.stdout.close()

    def test_looking_needs_no_place_to_write(self):
        tracker = self.tracker()
        a = self.peer("a", tracker)
        a.add(self.file("x.bin", 100_000))
        self.wait_listed(a, "x.bin")
        at = tracker.ready["listen"][0]
        for home in ({}, {"HOME": "/proc/none"}, {"HOME": ""}):
            for words in (["list"], ["peers"]):
                result = node(*words, "--tracker", at, env={"TMPDIR": "/proc/none", **home}, cwd="/proc")
                self.assertEqual((result.code, result.err), (0, ""))
                self.assertIn("x.bin" if words == ["list"] else "a ", result.out)

    def test_the_program_is_called_as_it_was_called(self):
        shoal = self.directory / "bin" / "shoal"
        shoal.parent.mkdir()
        os.symlink(os.path.abspath(NODE), shoal)
        nowhere = ["--state", self.directory / "none"]
        a = self.peer("a")
        said = [node(*words, program=shoal) for words in (
            ["help"], ["lsit"], [], ["list", "--bogus"], ["list", *nowhere], ["stop", *nowhere],
            ["remove", "x", "--state", a.state], ["verify", "x", "--state", a.state], ["list", "--state", a.state],
            ["cancel", "x", "--state", a.state], ["download", "x", "--state", a.state], ["peers", "--state", a.state],
            *(["help", word] for word in ("tracker", "peer", "add", "list", "download", "cancel", "peers", "status",
                                          "remove", "stop", "verify", "torrent")))]
        for result in said:
            self.assertIsNone(re.search(r"\bnode\b", result.out + result.err), result.out + result.err)
        self.assertIn("Usage: shoal COMMAND", said[0].out)
        self.assertIn("'shoal help'", said[1].err)
        self.assertIn("'shoal peer", said[4].err)

    def test_bash_completes_commands_options_files_and_shares(self):
        a = self.peer("a")
        a.add(self.file("a share", 100_000))
        a.add(self.file("another", 100_000))

        def complete(*words):
            script = (f"source {HERE.parent.parent / 'cmd/completion.bash'}; COMP_WORDS=(shoal \"$@\"); "
                      f"COMP_CWORD=$(($# )); _shoal '{os.path.abspath(NODE)}' \"${{COMP_WORDS[-1]}}\" "
                      "\"${COMP_WORDS[-2]}\"; printf '%s\\n' \"${COMPREPLY[@]}\"")
            return subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, timeout=60,
                                  cwd=self.directory, env={**os.environ, "SHOAL_STATE": str(a.state)}).stdout.split("\n")[:-1]

        self.assertEqual(complete("dow"), ["download"])
        self.assertEqual(complete("help", "st"), ["status", "stop"])
        self.assertEqual(complete("list", "--trac"), ["--tracker"])
        self.assertEqual(complete("verify", "a"), ["a\\ share", "another"])
        self.assertEqual(complete("add", "anoth"), ["another"])
        self.assertEqual(complete("torrent", "another", "-o", "a sh"), ["a share"])
        self.assertEqual(complete("--log-level", "warn", "ver"), ["verify", "version"])

    def test_completion_asks_the_peer_that_the_line_names(self):
        a = self.peer("a")
        a.add(self.file("a share", 100_000))
        a.add(self.file("another", 100_000))
        programs = self.directory / "bin"
        programs.mkdir()
        (programs / "shoal").symlink_to(os.path.abspath(NODE))
        # zsh without its line editor: what it would offer is printed.
        in_zsh = """compdef() { }; _files() { print -l -- files }; compadd() { print -l -- ${(P)2} }
            _describe() { print -l -- ${(P)${@[-1]}} }; source "$0"; words=("$@"); CURRENT=$#words; _shoal"""
        shells = {
            "bash": ("""source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shoal "$1" "${COMP_WORDS[-1]}" \
                "${COMP_WORDS[-2]}"; printf '%s\\n' "${COMPREPLY[@]}" """, "completion.bash"),
            "zsh": (in_zsh, "completion.zsh"),
            "fish": ("source $argv[1]; complete -C (string join ' ' -- $argv[2..])", "completion.fish"),
        }
        for shell, (script, name) in shells.items():
            if shutil.which(shell) is None:
                continue  # tools/test installs them all

            def complete(*words):
                quiet = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
                path = HERE.parent.parent / "cmd" / name
                said = subprocess.run([shell, *quiet, "-c", script, path, "shoal", *words], capture_output=True, text=True,
                                      timeout=60, cwd=self.directory, stdin=subprocess.DEVNULL,
                                      env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}",
                                           "HOME": str(self.directory)})
                self.assertEqual(said.stderr, "", shell)
                # Descriptions stand behind a tab or a colon; what does not begin like the word is not offered.
                rows = [re.split(r"[\t:]", row)[0].replace("\\ ", " ") for row in said.stdout.splitlines()]
                return sorted(row for row in rows if row.startswith(words[-1]))

            with self.subTest(shell=shell):
                self.assertEqual(complete("verify", "--state", str(a.state), "a"), ["a share", "another"])
                self.assertEqual(complete("--state", str(a.state), "verify", "a"), ["a share", "another"])
                self.assertEqual(complete("--state", str(a.state), "verif"), ["verify"])
                self.assertEqual(complete("torrent", "--out"), ["--output"])
                self.assertEqual(complete("help", "st"), ["status", "stop"])
                self.assertEqual(complete("verify", "a"), [])


if __name__ == "__main__":
    import unittest
    unittest.main()
