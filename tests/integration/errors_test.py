"""Bad input gets one clear line, the right exit code, and loses nothing."""
import json
import os
import socket
import subprocess

from harness import NODE, Result, SwarmTest


def node(*words, **environment):
    return Result(subprocess.run([NODE, *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                 timeout=60, env={**os.environ, **environment}))


class ErrorsTest(SwarmTest):
    def expect(self, result, code, *texts):
        self.assertEqual(result.code, code, result.err)
        lines = [line for line in result.err.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(lines), 1, result.err)
        for text in texts:
            self.assertIn(str(text), lines[0])

    def test_usage(self):
        self.expect(node("dowload"), 2, "dowload", "download")
        self.expect(node("list", "--bogus"), 2, "--bogus")
        self.expect(node("download"), 2)
        self.expect(node("help", "add", "extra"), 2, "extra")
        self.expect(node("version", "extra"), 2, "extra")
        self.expect(node("tracker", "--state", self.directory), 2, "--state")
        self.assertIn("Usage: ", node("--log-level", "info", "help", "add").out)
        self.expect(node("tracker", "--listen", "nowhere"), 2, "nowhere")
        self.assertEqual(node("help").code, 0)
        self.assertEqual(node("--version").code, 0)

    def test_one_path_of_several_fails(self):
        a = self.peer("a", None)
        good = self.directory / "good"
        good.write_text("x")
        self.expect(a.run("add", good, self.directory / "none"), 3, "none")
        result = a.run("add", "--json", good, self.directory / "none")
        self.assertEqual(result.code, 3, result.err)
        self.assertEqual([row["state"] for row in result.json()], ["unchanged", "failed"])
        self.assertEqual(json.loads(result.err)["error"]["class"], "not_found")

    def answer(self, peer, method, params):
        """What a client of the control socket gets, which may be another program than ours."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{peer.state}/control.sock")
            client.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n")
            return json.loads(client.makefile().readline())

    def test_a_request_of_the_wrong_kind(self):
        a = self.peer("a", None)
        for params, text in (({"what": 7}, "what"), ({"what": "x", "peers": "127.0.0.1:1"}, "peers"), ([], "params")):
            failure = self.answer(a, "download", params)["error"]
            self.assertEqual(failure["code"], 2)
            self.assertIn(text, failure["message"])

    def test_an_id_that_no_answer_can_repeat_is_refused_in_json(self):
        a = self.peer("a", None)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{a.state}/control.sock")
            answers = client.makefile()
            for number in (b"9" * 400, b"[" + b"9" * 400 + b"]", b"true", b"{}"):
                client.sendall(b'{"jsonrpc":"2.0","id":' + number + b',"method":"ping"}\n')
                answer = json.loads(answers.readline(), parse_constant=lambda text: self.fail(text))
                self.assertEqual((answer["id"], answer["error"]["code"]), (None, -32600))

    def test_the_error_of_an_empty_path_quotes_it(self):
        failure = self.answer(self.peer("a", None), "add", {"paths": [""]})["error"]
        self.assertIn("'' is no absolute path", failure["message"])

    def test_the_error_of_a_relative_path_names_the_parameter(self):
        a = self.peer("a", None)
        for name in ("directory", "default_directory"):
            failure = self.answer(a, "download", {"what": "x", name: "here"})["error"]
            self.assertIn(f"parameter '{name}': 'here' is no absolute path", failure["message"])

    def test_what_a_running_peer_makes_no_use_of_is_told(self):
        a = self.peer("a", None)
        a.ok("add", self.file("x", 1000))
        unused = ["--tracker", "127.0.0.1:1"]
        for words, option in ((["list", *unused], "--tracker"), (["peers", *unused], "--tracker"),
                              (["download", "x", *unused], "--tracker"), (["download", "x", "--seed"], "--seed")):
            self.assertRegex(a.ok(*words).err, f"note: a peer runs here .*; {option} is not used")

    def test_a_refused_download_makes_no_folder(self):
        a = self.peer("a", None)
        a.ok("add", self.file("x", 1000))
        self.expect(a.run("download", "x", "--dir", self.directory / "one/two"), 7, "is here already")
        self.assertFalse((self.directory / "one").exists())

    def test_what_helps(self):
        a = self.peer("a", None)
        (self.directory / "file").write_text("x")
        a.add(self.directory / "file")
        # The peer says what kind of thing helps, the program says it in its own words.
        failure = self.answer(a, "remove", {"what": "nothing"})["error"]
        self.assertEqual(failure["data"], {"class": "not_found", "remedy": "see_status"})
        self.assertNotIn("status", failure["message"])
        self.expect(a.run("remove", "nothing"), 3, "nothing", "status'")
        failure = json.loads(a.run("remove", "--json", "nothing").err)["error"]
        self.assertIn("status'", failure["message"])
        in_the_way = self.directory / "file"
        self.expect(a.run("download", "magnet:?xt=urn:btmh:1220" + "ab" * 32, "--dir", in_the_way), 7, in_the_way, "--dir")
        # Of what fails beside others, too.
        rows = self.answer(a, "add", {"paths": [str(self.directory / "file"), str(self.directory / "none")]})["result"]
        self.assertEqual([row.get("class") for row in rows], [None, "not_found"])

    def test_trackers_as_people_write_them(self):
        tracker = self.tracker()
        at = tracker.ready["listen"][0]
        for text in (f"http://{at}", f"ws://{at}/", f"ws://{at}/live", f"{at}/", f" {at} "):
            result = node("list", "--tracker", text, "--state", self.directory / "none")
            self.assertEqual((result.code, result.out), (0, ""), result.err)
        # One tracker, however it is written.
        a = self.peer("a", None, "--tracker", at, "--tracker", f"http://{at}/")
        self.assertEqual([row["url"] for row in a.json("status")["trackers"]], [at])
        for text in (f"http://{at}/announce", f"udp://{at}", f"https://{at}", "127.0.0.1:99999", "127.0.0.1:0", ":80",
                     "[::1", "[host]:80", "a b:80", ""):
            for words in (["list"], ["peers"], ["peer"], ["download", "x"]):
                self.expect(node(*words, "--tracker", text, "--state", self.directory / "none"), 2, f"'{text}'",
                            "HOST:PORT")
        for text in ("127.0.0.1", "udp://127.0.0.1:80", "127.0.0.1:0"):
            self.expect(a.run("download", "x", "--peer", text), 2, f"'{text}'", "HOST:PORT")
        for words in (["tracker"], ["peer", "--state", self.directory / "none"]):
            self.expect(node(*words, "--listen", "127.0.0.1:x"), 2, "127.0.0.1:x", "ADDRESS:PORT")

    def test_no_running_peer(self):
        self.expect(node("list", "--state", self.directory / "none"), 3, self.directory / "none")

    def test_unknown_and_ambiguous_shares(self):
        tracker = self.tracker()
        a, c = self.peer("a", tracker), self.peer("c", tracker)
        a.add(self.file("one/same.bin", 100_000))
        c.add(self.file("two/same.bin", 200_000))
        self.wait_listed(a, "same.bin", bytes=200_000)
        self.wait_listed(a, "same.bin", bytes=100_000)
        b = self.peer("b", tracker)
        self.wait_listed(b, "same.bin")
        self.expect(b.run("download", "nothing.bin"), 3, "nothing.bin")
        ids = [row["id"] for row in b.json("list")]
        self.expect(b.run("download", "same.bin"), 2, "same.bin", ids[0][:12], ids[1][:12])
        self.assertEqual(list(b.dir.iterdir()), [])

    def test_target_exists_with_other_content(self):
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        a.add(self.file("data/x.bin", 100_000))
        self.wait_listed(b, "x.bin")
        (b.dir / "x.bin").write_bytes(b"mine")
        for _ in range(2):
            self.expect(b.run("download", "x.bin"), 7, b.dir / "x.bin")
            for peer in (a, b):
                row, = peer.json("list")
                self.assertEqual((row["seeders"], row["leechers"], row["availability"]), (1, 0, 1.0))
        self.assertEqual((b.dir / "x.bin").read_bytes(), b"mine")

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.expect(node("tracker", "--listen", f"127.0.0.1:{port}"), 4, port)
            self.expect(node("peer", "--state", self.directory / "s", "--listen", f"127.0.0.1:{port}"), 4, port)

    def test_a_file_in_place_of_a_directory(self):
        file = self.directory / "file"
        file.write_text("mine")
        self.expect(node("peer", "--state", self.directory / "s", "--dir", file), 7, file, "Not a directory", "--dir")
        self.expect(node("peer", "--state", file), 7, f"{file} is not a directory", "--state")
        self.expect(node("tracker", "--listen", "127.0.0.1:0", "--key", self.directory), 2, "key file", self.directory,
                    "keygen")
        self.assertEqual(file.read_text(), "mine")

    def test_a_dump_is_not_called_a_key(self):
        a = self.peer("a", None)
        dump = self.directory / "dump.json"
        a.ok("why", "--dump", dump)
        result = a.run("why", "--dump", dump)
        self.expect(result, 7, dump, "move it away")
        self.assertNotIn("key", result.err)

    def test_state_directory_in_use(self):
        a = self.peer("a")
        self.expect(node("peer", "--state", a.state, "--listen", "127.0.0.1:0"), 7, a.state)

    def test_paths_that_cannot_be_shared(self):
        a = self.peer("a")
        self.expect(a.run("add", self.directory / "missing"), 3, self.directory / "missing")
        fifo = self.directory / "fifo"
        os.mkfifo(fifo)
        self.expect(a.run("add", fifo), 2, fifo)

    def test_garbage_torrent_and_magnet(self):
        a = self.peer("a")
        garbage = self.directory / "garbage.torrent"
        garbage.write_bytes(b"d4:infod4:name3:abcee garbage")
        self.expect(a.run("download", garbage), 2, "garbage.torrent")
        self.expect(a.run("download", self.directory / "missing.torrent"), 3, "missing.torrent")
        self.expect(a.run("download", "magnet:?xt=urn:btih:00"), 2, "magnet")

    def test_unreachable_tracker(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        result = node("download", "x.bin", "--tracker", f"127.0.0.1:{port}", "--state", self.directory / "s", "--dir",
                      self.directory)
        self.expect(result, 4, f"127.0.0.1:{port}")

    def test_no_space(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, for a small file system")
        small = self.directory / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)
        tracker = self.tracker()
        a, b = self.peer("a", tracker), self.peer("b", tracker)
        a.add(self.file("data/large.bin", 10_000_000))
        self.wait_listed(b, "large.bin")
        self.expect(b.run("download", "large.bin", "--dir", small), 6, small)
        self.assertEqual(list(small.iterdir()), [])


if __name__ == "__main__":
    import unittest
    unittest.main()
