"""Content over HTTP, as programs ask for it that know nothing of the swarm."""
import contextlib
import email.parser
import hashlib
import http.client
import io
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tarfile
import unittest
import urllib.parse

from harness import SwarmTest, digest, wait_for

MIB = 1 << 20


class GatewayTest(SwarmTest):
    in_memory = True

    def setUp(self):
        super().setUp()
        self.one = self.file("data/one file.bin", 5 * MIB + 7)
        for name, size in (("a.txt", 10), ("deep/er/b.bin", 300_000), ("deep/ü&<x>.html", 20), ("empty", 0)):
            self.file(f"data/tree/{name}", size)
        self.peer_ = self.peer("peer", None)
        self.id = self.peer_.add(self.one)["id"]
        self.tree = self.peer_.add(self.directory / "data/tree")["id"]

    def ask(self, path, method="GET", peer=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", (peer or self.peer_).port, timeout=30)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer

    def url(self, path):
        return f"http://127.0.0.1:{self.peer_.port}{path}"

    @property
    def path(self):
        return f"/s/{self.id}/one%20file.bin"

    def test_a_whole_file(self):
        answer = self.ask(self.path)
        self.assertEqual(answer.status, 200)
        self.assertEqual(hashlib.sha256(answer.body).hexdigest(), digest(self.one))
        self.assertEqual(answer.headers["Content-Type"], "application/octet-stream")
        self.assertEqual(answer.headers["Accept-Ranges"], "bytes")
        head = self.ask(self.path, "HEAD")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["Content-Length"], str(self.one.stat().st_size))
        self.assertEqual(head.headers["ETag"], answer.headers["ETag"])
        self.assertEqual(self.ask(self.path, "HEAD", Range="bytes=0-0").status, 200)
        self.assertIn("GMT", head.headers["Last-Modified"])
        self.assertEqual(self.ask(f"/s/{self.tree}/empty").body, b"")
        there = self.ask(self.path + "?download").headers["Content-Disposition"]
        self.assertEqual(there, "attachment; filename=\"one file.bin\"; filename*=UTF-8''one%20file.bin")

    def test_ranges(self):
        content = self.one.read_bytes()
        chosen = random.Random(1)
        for _ in range(50):
            first = chosen.randrange(len(content))
            last = min(len(content) - 1, first + chosen.randrange(2 * MIB))
            answer = self.ask(self.path, Range=f"bytes={first}-{last}")
            self.assertEqual(answer.status, 206)
            self.assertEqual(answer.headers["Content-Range"], f"bytes {first}-{last}/{len(content)}")
            self.assertTrue(answer.body == content[first:last + 1])
        self.assertEqual(self.ask(self.path, Range="bytes=-5").body, content[-5:])
        outside = self.ask(self.path, Range=f"bytes={len(content)}-")
        self.assertEqual((outside.status, outside.headers["Content-Range"]), (416, f"bytes */{len(content)}"))
        self.assertEqual(self.ask(self.path, Range="nonsense").status, 200)

    def test_several_ranges(self):
        content = self.one.read_bytes()
        answer = self.ask(self.path, Range="bytes=0-9,1048570-1048585,-3")
        self.assertEqual(answer.status, 206)
        self.assertEqual(answer.headers["Content-Length"], str(len(answer.body)))
        head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
        parts = email.parser.BytesParser().parsebytes(head + answer.body).get_payload()
        self.assertEqual([part["Content-Range"] for part in parts],
                         [f"bytes 0-9/{len(content)}", f"bytes 1048570-1048585/{len(content)}",
                          f"bytes {len(content) - 3}-{len(content) - 1}/{len(content)}"])
        for part in (content[:10], content[1048570:1048586], content[-3:]):
            self.assertIn(b"\r\n\r\n" + part + b"\r\n--", answer.body)

    def test_conditions(self):
        first = self.ask(self.path, "HEAD").headers
        self.assertEqual(self.ask(self.path, If_None_Match=first["ETag"]).status, 304)
        self.assertEqual(self.ask(self.path, If_Modified_Since=first["Last-Modified"]).status, 304)
        self.assertEqual(self.ask(self.path, If_Match='"other"').status, 412)
        self.assertEqual(self.ask(self.path, Range="bytes=0-0", If_Range=first["ETag"]).status, 206)
        self.assertEqual(self.ask(self.path, Range="bytes=0-0", If_Range='"other"').status, 200)

    def test_folders(self):
        listing = self.ask(f"/s/{self.tree}/", Accept="application/json")
        self.assertEqual(listing.headers["Content-Type"], "application/json")
        rows = json.loads(listing.body)
        self.assertEqual([(row["name"], row["type"]) for row in rows["entries"]],
                         [("a.txt", "file"), ("deep", "folder"), ("empty", "file")])
        page = self.ask(f"/s/{self.tree}/deep/", Accept="text/html,*/*")
        self.assertIn("text/html", page.headers["Content-Type"])
        self.assertIn("ü&amp;&lt;x&gt;.html", page.body.decode())
        link = urllib.parse.quote("ü&<x>.html")
        self.assertIn(link, page.body.decode())
        self.assertEqual(self.ask(f"/s/{self.tree}/deep/{link}").body,
                         (self.directory / "data/tree/deep/ü&<x>.html").read_bytes())
        self.assertEqual(self.ask(f"/s/{self.tree}/deep").headers["Location"], f"/s/{self.tree}/deep/")
        self.assertEqual(self.ask(f"/s/{self.tree}/?format=xml").status, 400)

    def test_a_folder_as_an_archive(self):
        (self.directory / "data/tree/link").symlink_to("deep/er/b.bin")
        (self.directory / "data/tree/nothing").mkdir()
        os.chmod(self.directory / "data/tree/a.txt", 0o755)
        long = "y" * 120
        self.file(f"data/tree/{long}/{long}.bin", 700)
        other = self.peer("other", None)
        tree = other.add(self.directory / "data/tree", "--symlinks")["id"]
        answer = self.ask(f"/s/{tree}/?format=tar", peer=other)
        self.assertEqual(answer.headers["Content-Length"], str(len(answer.body)))
        self.assertIn("tree.tar", answer.headers["Content-Disposition"])
        (self.directory / "tree.tar").write_bytes(answer.body)
        out = self.directory / "unpacked"
        out.mkdir()
        subprocess.run(["tar", "-xf", self.directory / "tree.tar", "-C", out], check=True)
        subprocess.run(["diff", "-r", "--no-dereference", self.directory / "data/tree", out / "tree"], check=True)
        self.assertTrue(os.access(out / "tree/a.txt", os.X_OK))
        self.assertEqual(int((out / "tree/a.txt").stat().st_mtime),
                         int((self.directory / "data/tree/a.txt").stat().st_mtime))
        part = self.ask(f"/s/{tree}/deep/?format=tar", peer=other)
        with tarfile.open(fileobj=io.BytesIO(part.body)) as archive:
            self.assertEqual(archive.getnames()[:1], ["deep/er/b.bin"])

    def test_names_lead_to_ids(self):
        self.assertEqual(self.ask("/s/tree/deep/er/b.bin").headers["Location"], f"/s/{self.tree}/deep/er/b.bin")
        self.assertEqual(self.ask(f"/s/{self.id[:10]}/").headers["Location"], f"/s/{self.id}/")
        self.assertEqual(self.ask(f"/s/{self.id}/").headers["Location"], self.path)
        for path in ("/s/nothing/", f"/s/{'0' * 64}/x", f"/s/{self.tree}/x", "/x", "/s/"):
            answer = self.ask(path)
            self.assertEqual(answer.status, 404, path)
            self.assertTrue(answer.body.endswith(b"\n"))

    def test_bad_requests_are_told_and_harm_nobody(self):
        for path in ("/%zz", "/%00", f"/s/{self.tree}/../../etc/passwd", f"/s/{self.tree}/%2e%2e/%2e%2e/etc/passwd"):
            self.assertIn(self.ask(path).status, (400, 404), path)
        self.assertEqual(self.ask(self.path, "DELETE").status, 405)
        for text in (b"GET / HTTP/9.9\r\n\r\n", b"nonsense\r\n\r\n", b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n\r\n",
                     b"GET /x HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.peer_.port)) as one:
                one.settimeout(30)
                one.sendall(text)
                answer = b""
                try:
                    while data := one.recv(65536):
                        answer += data
                except ConnectionResetError:
                    pass
                self.assertRegex(answer, b"^HTTP/1.1 4\\d\\d ")
        self.assertEqual(self.ask(self.path, "HEAD").status, 200)

    def test_a_connection_takes_one_request_after_the_other(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.peer_.port, timeout=30)
        self.addCleanup(connection.close)
        for first in range(0, 100_000, 9973):
            connection.request("GET", self.path, headers={"Range": f"bytes={first}-{first + 99}"})
            self.assertEqual(connection.getresponse().read(), self.one.read_bytes()[first:first + 100])
        request = f"GET {self.path} HTTP/1.1\r\nHost: x\r\nRange: bytes={{}}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.peer_.port)) as one:
            one.settimeout(30)
            one.sendall((request.format("0-4") + request.format("5-9")).encode())
            both = b""
            while both.count(self.one.read_bytes()[5:10]) == 0:
                part = one.recv(65536)
                self.assertTrue(part, both)
                both += part
            self.assertEqual(both.count(b"206 Partial Content"), 2)

    def test_who_leaves_leaves_nothing_behind(self):
        def sockets():
            found = 0
            for one in pathlib.Path(f"/proc/{self.peer_.process.pid}/fd").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    found += os.readlink(one).startswith("socket:")
            return found

        before = sockets()
        for text in (b"", b"G", b"nonsense\r\n\r\n", b"GET /x HTTP/1.1\r\n\r\n", b"GET /x HTTP/1.0\r\n\r\n",
                     f"GET {self.path} HTTP/1.1\r\n\r\n".encode()):
            with socket.create_connection(("127.0.0.1", self.peer_.port)) as one:
                one.sendall(text)
                if text.endswith(b"\r\n\r\n"):
                    one.recv(1)
            wait_for(lambda: sockets() <= before, "the connection is closed on the other side, too")

    def test_what_changed_on_the_disk_is_not_sent(self):
        with open(self.one, "r+b") as file:
            file.write(b"edited")
        wait_for(lambda: self.ask(self.path).status in (404, 503), "it is withdrawn")

    def test_what_arrives_is_read_first(self):
        big = self.file("data/big.bin", 32 * MIB)
        seeder = self.peer("seeder", None, "--up-limit", "4M")
        share = seeder.add(big)["id"]
        link = seeder.ok("torrent", share, "--magnet").out.strip()
        reader = self.peer("reader", None)
        reader.ok("download", link, "--no-wait")
        last = self.ask(f"/s/{share}/big.bin", peer=reader, Range="bytes=-100000")
        self.assertEqual(last.status, 206, last.body)
        self.assertTrue(last.body == big.read_bytes()[-100000:])
        self.assertLess(reader.download_row(share)["done"], 16 * MIB)
        whole = self.ask(f"/s/{share}/big.bin", peer=reader)
        self.assertEqual(hashlib.sha256(whole.body).hexdigest(), digest(big))

    def test_what_does_not_come_is_told(self):
        big = self.file("data/big.bin", 32 * MIB)
        seeder = self.peer("seeder", None, "--up-limit", "1M")
        share = seeder.add(big)["id"]
        link = seeder.ok("torrent", share, "--magnet").out.strip()
        reader = self.peer("reader", None)
        reader.ok("download", link, "--no-wait")
        reader.wait_done(share, 1)
        seeder.kill()
        waiting = http.client.HTTPConnection("127.0.0.1", reader.port, timeout=30)
        self.addCleanup(waiting.close)
        waiting.request("GET", f"/s/{share}/big.bin", headers={"Range": "bytes=-1"})
        reader.ok("cancel", share)
        answer = waiting.getresponse()
        # The cancel may be there before the request.
        self.assertIn(answer.status, (404, 503))
        self.assertRegex(answer.read(), b"not here|no longer here|no share")

    def begin_slowly(self, path):
        """A connection that has begun to read a file, and a function that reads the rest of the answer."""
        one = socket.socket()
        self.addCleanup(one.close)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        one.settimeout(30)
        one.connect(("127.0.0.1", self.peer_.port))
        one.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        begun = one.recv(1024)
        self.assertTrue(begun.startswith(b"HTTP/1.1 200 OK"), begun)

        def rest():
            count = len(begun)
            with contextlib.suppress(ConnectionResetError):
                while data := one.recv(1 << 20):
                    count += len(data)
            return count
        return rest

    def test_an_answer_ends_with_its_share(self):
        size = 64 * MIB
        big = self.file("data/big.bin", size)
        share = self.peer_.add(big)["id"]
        rest = self.begin_slowly(f"/s/{share}/big.bin")
        self.peer_.ok("remove", share)
        self.assertLess(rest(), size)

    def test_what_changes_while_it_is_read_is_not_sent(self):
        size = 64 * MIB
        big = self.file("data/big.bin", size)
        share = self.peer_.add(big)["id"]
        rest = self.begin_slowly(f"/s/{share}/big.bin")
        with open(big, "r+b") as file:
            file.seek(size - 5)
            file.write(b"other")
        self.assertLess(rest(), size)

    def test_a_large_folder_as_an_archive(self):
        for number in range(1200):
            self.file(f"data/many/{number:04}", 1)
        many = self.peer_.add(self.directory / "data/many")["id"]
        answer = self.ask(f"/s/{many}/?format=tar")
        self.assertNotIn("Content-Length", answer.headers)
        with tarfile.open(fileobj=io.BytesIO(answer.body)) as archive:
            self.assertEqual(len(archive.getnames()), 1200)

    @unittest.skipIf(shutil.which("curl") is None, "needs curl")
    def test_curl(self):
        out = self.directory / "out"
        subprocess.run(["curl", "-sSf", "-o", out, self.url(self.path)], check=True)
        self.assertEqual(digest(out), digest(self.one))
        os.truncate(out, 1_000_000)
        subprocess.run(["curl", "-sSf", "-C", "-", "-o", out, self.url(self.path)], check=True)
        self.assertEqual(digest(out), digest(self.one))
        subprocess.run(["curl", "-sSfL", "-o", out, self.url("/s/tree/deep/er/b.bin")], check=True)
        self.assertEqual(digest(out), digest(self.directory / "data/tree/deep/er/b.bin"))
        code = subprocess.run(["curl", "-sf", self.url("/s/none/")], capture_output=True)
        self.assertEqual(code.returncode, 22)

    @unittest.skipIf(shutil.which("wget") is None, "needs wget")
    def test_wget(self):
        out = self.directory / "out"
        subprocess.run(["wget", "-q", "-O", out, self.url(self.path)], check=True)
        self.assertEqual(digest(out), digest(self.one))

    @unittest.skipIf(shutil.which("aria2c") is None, "needs aria2c")
    def test_aria2_with_several_peers_as_mirrors(self):
        other = self.peer("other", None)
        other.add(self.one)
        mirror = f"http://127.0.0.1:{other.port}{self.path}"
        subprocess.run(["aria2c", "-q", "-d", self.directory, "-o", "out", "-x4", "-s8", "-k1M", "--no-conf",
                        self.url(self.path), mirror], check=True)
        self.assertEqual(digest(self.directory / "out"), digest(self.one))
        self.assertTrue(all(peer.json("status")["bytes_uploaded"] > 0 for peer in (self.peer_, other)))

    @unittest.skipIf(shutil.which("rclone") is None, "needs rclone")
    def test_rclone(self):
        out = self.directory / "copied"
        subprocess.run(["rclone", "--config", "/dev/null", "-q", "--http-url", self.url(f"/s/{self.tree}/"), "copy",
                        ":http:", out], check=True)
        subprocess.run(["diff", "-r", self.directory / "data/tree", out], check=True)

    @unittest.skipIf(shutil.which("wget") is None, "needs wget")
    def test_wget_follows_the_pages(self):
        subprocess.run(["wget", "-q", "-r", "-np", "-nH", "--cut-dirs=2", "-R", "index.html*", "-P",
                        self.directory / "copied", self.url(f"/s/{self.tree}/")], check=True)
        subprocess.run(["diff", "-r", self.directory / "data/tree", self.directory / "copied"], check=True)


if __name__ == "__main__":
    unittest.main()
