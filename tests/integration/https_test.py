"""HTTPS in a private swarm: programs without the key come by a certificate, and need the token for everything."""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import unittest

from harness import NODE, SwarmTest, digest, wait_for
from proxy import Proxy
from tracker_wire import Looker, Member

MIB = 1 << 20


def der_of(path):
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def fingerprint_of(path):
    return ":".join(f"{byte:02X}" for byte in hashlib.sha256(der_of(path)).digest())


class HttpsTest(SwarmTest):
    def setUp(self):
        super().setUp()
        self.swarm_key = self.key("swarm.key")
        self.peer_ = self.peer("telltale", None, "--key", self.swarm_key)
        self.source = self.file("secret-name.bin", 3 * MIB + 5)
        self.id = self.peer_.add(self.source)["id"]
        self.token = self.peer_.ok("token").out.strip()
        self.cert = self.peer_.state / "https.crt"

    @property
    def path(self):
        return f"/s/{self.id}/{self.source.name}"

    def url(self, path=None):
        return f"https://127.0.0.1:{self.peer_.port}{path or self.path}"

    def curl(self, *words, trust=None):
        return subprocess.run(["curl", "-s", "--cacert", trust or self.cert, *words], capture_output=True, timeout=60)

    def basic(self, token=None):
        return "Basic " + base64.b64encode(f":{token or self.token}".encode()).decode()

    def bearer(self):
        return f"Bearer {self.token}"

    def ask(self, path, method="GET", authorization=None, body=None, port=None, trust=None):
        context = ssl.create_default_context(cafile=trust or self.cert)
        connection = http.client.HTTPSConnection("127.0.0.1", port or self.peer_.port, timeout=30, context=context)
        self.addCleanup(connection.close)
        headers = {"Authorization": authorization} if authorization else {}
        if body is not None:
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer

    def test_curl_reads_content_and_ranges(self):
        content = self.source.read_bytes()
        whole = self.curl("-u", ":" + self.token, self.url())
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertTrue(whole.stdout == content)
        for first, last in ((0, 0), (7, 2 * MIB), (len(content) - 9, len(content) - 1)):
            part = self.curl("-H", "Authorization: " + self.bearer(), "-r", f"{first}-{last}", self.url())
            self.assertTrue(part.stdout == content[first:last + 1])
        by_name = self.curl("-L", "-u", "ann:" + self.token, self.url("/s/secret-name.bin"))
        self.assertTrue(by_name.stdout == content)
        protocol = self.curl("-u", ":" + self.token, "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
                             "--http2", self.url())
        self.assertEqual(protocol.stdout, b"1.1 200")
        public = subprocess.run(["openssl", "x509", "-in", self.cert, "-noout", "-pubkey"], capture_output=True,
                                text=True, check=True).stdout
        pin = base64.b64encode(hashlib.sha256(ssl.PEM_cert_to_DER_cert(
            public.replace("PUBLIC KEY", "CERTIFICATE"))).digest()).decode()
        for known, code in ((pin, 0), (base64.b64encode(bytes(32)).decode(), 90)):
            done = subprocess.run(["curl", "-sk", "--pinnedpubkey", "sha256//" + known, "-u", ":" + self.token,
                                   "-o", "/dev/null", self.url()], timeout=60)
            self.assertEqual(done.returncode, code)

    def test_other_programs(self):
        target = self.directory / "target.bin"
        subprocess.run(["wget", "-q", "--ca-certificate", self.cert, "--auth-no-challenge", "--user=ann",
                        "--password=" + self.token, "-O", target, self.url()], check=True, timeout=60)
        self.assertEqual(digest(target), digest(self.source))
        # Asks without, is told what is needed, asks with.
        subprocess.run(["wget", "-q", "--ca-certificate", self.cert, "--user=ann", "--password=" + self.token, "-O",
                        target, self.url()], check=True, timeout=60)
        self.assertEqual(digest(target), digest(self.source))
        answer = self.ask(self.path, authorization=self.basic())
        self.assertEqual(hashlib.sha256(answer.body).hexdigest(), digest(self.source))
        self.assertEqual(answer.headers["Server"], "shoal")
        if shutil.which("aria2c"):
            subprocess.run(["aria2c", "-q", "--ca-certificate", self.cert, "--http-user=ann", "--http-auth-challenge=false",
                            "--http-passwd=" + self.token, "-x4", "-k1M", "--allow-overwrite=true", "-d",
                            self.directory, "-o", "aria.bin", self.url()], check=True, timeout=60)
            self.assertEqual(digest(self.directory / "aria.bin"), digest(self.source))
        if shutil.which("rclone"):
            subprocess.run(["rclone", "--config", os.devnull, "--ca-cert", self.cert, "copyurl",
                            f"https://ann:{self.token}@127.0.0.1:{self.peer_.port}{self.path}",
                            self.directory / "rclone.bin"], check=True, timeout=60)
            self.assertEqual(digest(self.directory / "rclone.bin"), digest(self.source))

    def test_without_the_token_there_is_nothing(self):
        for authorization in (None, self.basic("0" * 64), "Bearer " + "0" * 64, self.basic(self.token[1:]),
                              "Bearer", "Basic ????", "Digest " + self.token):
            for path in (self.path, f"/s/{self.id}/", "/s/", "/s/secret-name.bin", "/metrics", "/v1/status",
                         "/v1/events", "/v1/shares", "/", "/nothing", "/s/%00"):
                answer = self.ask(path, authorization=authorization)
                self.assertEqual(answer.status, 401, (path, authorization))
                offered = answer.headers.get_all("WWW-Authenticate")
                self.assertEqual([one.split()[0] for one in offered], ["Basic", "Bearer"])
                told = (str(answer.headers) + answer.body.decode()).lower()
                for secret in ("shoal", "secret-name", "telltale", self.id[:12]):
                    self.assertNotIn(secret, told)
        for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
            self.assertEqual(self.ask("/v1/shares", method).status, 401)
        with socket.create_connection(("127.0.0.1", self.peer_.port), timeout=30) as one, \
                ssl.create_default_context(cafile=self.cert).wrap_socket(one, server_hostname="localhost") as inside:
            inside.sendall(b"NONSENSE\r\n\r\n")
            answer = inside.recv(4096)
        self.assertTrue(answer.startswith(b"HTTP/1.1 400"), answer)
        self.assertNotIn(b"shoal", answer)
        self.assertIn(self.peer_.text().count("a request over HTTPS has a wrong token"), range(6, 13))
        self.assertNotIn(self.token[1:], self.peer_.text())

    def test_changes_need_the_token_in_a_form_that_no_browser_sends_by_itself(self):
        other = self.file("other.bin", 100)
        body = {"paths": [str(other)]}
        refused = self.ask("/v1/shares", "POST", self.basic(), body)
        self.assertEqual(refused.status, 401)
        self.assertEqual(refused.headers.get_all("WWW-Authenticate"), ["Bearer"])
        self.assertNotIn("other.bin", self.peer_.ok("list").out)
        for method, path in (("DELETE", f"/v1/shares/{self.id}"), ("POST", "/v1/stop"), ("GET", "/v1/dump")):
            self.assertEqual(self.ask(path, method, self.basic()).status, 401, path)
        status = json.loads(self.ask("/v1/status", authorization=self.basic()).body)
        self.assertNotIn("state_directory", status)
        taken = self.ask("/v1/shares", "POST", self.bearer(), body)
        self.assertEqual(taken.status, 200, taken.body)
        self.assertIn("other.bin", self.peer_.ok("list").out)
        self.assertIn("state_directory", json.loads(self.ask("/v1/status", authorization=self.bearer()).body))

    def test_without_the_key_nothing_but_http_is_spoken(self):
        context = ssl.create_default_context(cafile=self.cert)
        for said in (b"\x13BitTorrent protocol" + bytes(8) + bytes.fromhex(self.id)[:20] + b"-XX0000-" + os.urandom(12),
                     b"\x16\x03\x01", b"\x00"):
            with socket.create_connection(("127.0.0.1", self.peer_.port), timeout=30) as one, \
                    context.wrap_socket(one, server_hostname="localhost") as inside:
                inside.sendall(said)
                heard = b""
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    while data := inside.recv(4096):
                        heard += data
                self.assertEqual(heard, b"")
        wait_for(lambda: "without the key it may speak HTTP only" in self.peer_.text(), "it is logged")
        with socket.create_connection(("127.0.0.1", self.peer_.port), timeout=30) as clear:
            clear.sendall(f"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                          f"Authorization: Bearer {self.token}\r\n\r\n".encode())
            heard = b""
            while data := clear.recv(4096):
                heard += data
            head, _, body = heard.partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 403 "), heard)
            self.assertEqual(body, b"this swarm is private: use https:// and the token\n")
            self.assertNotIn(b"shoal", heard)

    def test_requests_in_the_clear_do_not_hide_who_guesses_the_token(self):
        for _ in range(20):
            connection = http.client.HTTPConnection("127.0.0.1", self.peer_.port, timeout=30)
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            # One to a connection.
            self.assertEqual((answer.status, answer.headers["Connection"]), (403, "close"))
            connection.close()
        self.assertIn("a request in the clear is refused", self.peer_.text())
        self.assertEqual(self.ask("/metrics", authorization=self.basic("0" * 64)).status, 401)
        wait_for(lambda: "a request over HTTPS has a wrong token" in self.peer_.text(), "the guess is logged")

    def test_the_fingerprint_is_told_and_stays(self):
        fingerprint = fingerprint_of(self.cert)
        self.assertEqual(self.peer_.ready["certificate"], fingerprint)
        self.assertEqual(self.peer_.json("status")["certificate"], fingerprint)
        self.assertIn(fingerprint, self.peer_.ok("status").out)
        self.assertIn(fingerprint, self.peer_.text())
        self.assertEqual((self.peer_.state / "https.key").stat().st_mode & 0o777, 0o600)
        self.peer_.terminate()
        again = self.peer("telltale", None, "--key", self.swarm_key)
        self.assertEqual(again.ready["certificate"], fingerprint)
        self.assertNotIn("certificate", self.peer("open", None).ready)

    def test_the_certificate_tells_addresses_and_given_names_alone(self):
        named = self.peer("named", None, "--key", self.swarm_key, "--api-host", "Files.Example")
        text = subprocess.run(["openssl", "x509", "-in", named.state / "https.crt", "-noout", "-text"],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn("DNS:localhost", text)
        self.assertIn("DNS:files.example", text)
        self.assertIn("IP Address:127.0.0.1", text)
        for secret in ("shoal", "telltale", "named", os.uname().nodename):
            self.assertNotIn(secret, text)

    def test_the_certificate_of_the_user(self):
        chain, key = self.directory / "mine.crt", self.directory / "mine.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", chain, "-days", "3", "-subj", "/CN=mine", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        key.chmod(0o600)
        options = ["--key", self.swarm_key, "--cert", chain, "--cert-key", key]
        mine = self.peer("mine", None, *options)
        self.assertEqual(mine.ready["certificate"], fingerprint_of(chain))
        self.assertFalse((mine.state / "https.key").exists())
        token = mine.ok("token").out.strip()
        self.assertEqual(self.ask("/metrics", authorization=self.basic(token), port=mine.port, trust=chain).status, 200)
        rsa = self.directory / "rsa.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", rsa, "-out",
                        self.directory / "rsa.crt", "-days", "3", "-subj", "/CN=mine", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        rsa.chmod(0o600)
        other = self.peer("rsa", None, "--key", self.swarm_key, "--cert", self.directory / "rsa.crt", "--cert-key", rsa)
        token = other.ok("token").out.strip()
        self.assertEqual(self.ask("/metrics", authorization=self.basic(token), port=other.port,
                                  trust=self.directory / "rsa.crt").status, 200)

        def refused(code, *words, options):
            done = subprocess.run([NODE, "peer", "--no-console", "--listen", "127.0.0.1:0", "--state",
                                   self.directory / "refused.state", *map(str, options)], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=30)
            self.assertEqual(done.returncode, code, done.stderr)
            for word in words:
                self.assertIn(str(word), done.stderr)

        refused(2, "--cert-key", options=options[:4])
        refused(2, "--key", options=options[2:])
        refused(2, chain, "not one for this private key",
                options=[*options[:4], "--cert-key", self.peer_.state / "https.key"])
        refused(3, "nothing.crt", options=["--key", self.swarm_key, "--cert", "nothing.crt", "--cert-key", key])
        key.chmod(0o644)
        refused(6, key, "chmod 600", options=options)

    def test_a_peer_that_cannot_have_a_certificate_serves_all_the_same(self):
        state = self.directory / "lame.state"
        (state / "https.key/in the way").mkdir(parents=True, mode=0o700)
        state.chmod(0o700)
        lame = self.peer("lame", None, "--key", self.swarm_key)
        self.assertNotIn("certificate", lame.ready)
        self.assertIn("nobody can use HTTP without the key of this swarm", lame.text())
        with self.assertRaises(ssl.SSLError):
            self.ask("/metrics", authorization=self.basic(), port=lame.port)

    def test_half_of_a_pair_is_made_anew(self):
        for lost in ("https.key", "https.crt"):
            half = self.peer(f"half-{lost}", None, "--key", self.swarm_key)
            half.terminate()
            (half.state / lost).write_bytes(b"")
            again = self.peer(f"half-{lost}", None, "--key", self.swarm_key)
            self.assertNotEqual(again.ready["certificate"], half.ready["certificate"])

    def test_nodes_go_on_beside_it_and_keys_rotate(self):
        other = self.peer("other", None, "--key", self.swarm_key)
        other.ok("download", self.peer_.bare_link(self.source.name), "--peer", f"127.0.0.1:{self.peer_.port}")
        self.assertEqual(digest(other.dir / self.source.name), digest(self.source))
        self.swarm_key.write_text(self.key("new.key").read_text())
        wait_for(lambda: "the keys of this swarm changed" in self.peer_.text(), "the peer has read the file")
        self.assertEqual(self.ask("/metrics", authorization=self.basic()).status, 200)
        old = self.key("old.key")
        late = self.peer("late", None, "--key", old)
        link = self.peer_.bare_link(self.source.name)
        waiting = late.start("download", link, "--peer", f"127.0.0.1:{self.peer_.port}")
        self.addCleanup(waiting.kill)
        wait_for(lambda: "key" in (late.download_row(self.id) or {"reason": ""})["reason"], "its key is refused")
        waiting.terminate()
        waiting.communicate()

    def test_a_listener_on_the_line_learns_nothing(self):
        line = Proxy(self, self.peer_.port)
        line.heard = bytearray()
        done = self.curl("-u", ":" + self.token, f"https://{line.address}{self.path}")
        content = self.source.read_bytes()
        self.assertTrue(done.stdout == content)
        self.assertGreater(len(line.heard), len(content))
        secrets = [self.source.name.encode(), b"telltale", b"shoal", self.id.encode(), self.token.encode(),
                   self.basic().encode(), b"Authorization", b"HTTP/1.1 200"]
        for secret in secrets + [content[at:at + 16] for at in range(0, 3 * MIB, 64 << 10)]:
            self.assertTrue(secret not in line.heard, secret)

    def check_guests_may_only_look(self, tracker):
        come = {"tls": ssl.create_default_context(cafile=self.cert), "authorization": self.basic()}
        looker = Looker(tracker.port, **come)
        self.addCleanup(looker.close)
        self.assertEqual(looker.hear()["type"], "welcome")
        self.assertEqual([row["name"] for row in looker.hear()["peers"]], ["joined"])
        member = Member(tracker.port, **come)
        self.addCleanup(member.close)
        self.assertEqual(member.hear()["code"], "permission")
        for wrong in ({"authorization": None}, {"authorization": self.basic("0" * 64)}, {"origin": "https://elsewhere"}):
            with self.assertRaises(ConnectionRefusedError):
                Looker(tracker.port, **{**come, **wrong})

    def test_a_tracker_with_a_certificate(self):
        token = self.directory / "tracker.token"
        with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(self.token + "\n")
        options = ["--key", self.swarm_key, "--cert", self.cert, "--cert-key", self.peer_.state / "https.key"]
        tracker = self.tracker(*options, "--token", token)
        self.assertEqual(tracker.ready["certificate"], fingerprint_of(self.cert))
        peer = self.peer("joined", tracker, "--key", self.swarm_key)
        wait_for(lambda: peer.json("status")["trackers"][0]["connected"], "the peer has joined")
        answer = self.ask("/metrics", authorization=self.basic(), port=tracker.port)
        self.assertEqual(answer.status, 200)
        self.assertIn("shoal_tracker_peers 1", answer.body.decode())
        for path in ("/metrics", "/live", "/"):
            for authorization in (None, self.basic("0" * 64)):
                refused = self.ask(path, authorization=authorization, port=tracker.port)
                self.assertEqual(refused.status, 401)
                self.assertNotIn("shoal", (str(refused.headers) + refused.body.decode()).lower())
        self.assertEqual(self.ask("/live", authorization=self.basic(), port=tracker.port).status, 404)
        self.check_guests_may_only_look(tracker)
        for words in (options, [*options[:2], "--token", token]):
            done = subprocess.run([NODE, "tracker", "--listen", "127.0.0.1:0", *map(str, words)], capture_output=True,
                                  text=True, stdin=subprocess.DEVNULL, timeout=30)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("--token", done.stderr)
        done = subprocess.run([NODE, "tracker", "--listen", "127.0.0.1:0", *map(str, options), "--token", self.token], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=30)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertNotIn(self.token, done.stderr)


if __name__ == "__main__":
    unittest.main()
