"""The API over HTTP, by a script that knows nothing but docs/openapi.json and the token."""
import base64
import http.client
import json
import os
import pathlib
import stat
import unittest
import urllib.parse

from harness import SwarmTest, digest, wait_for

API = json.loads((pathlib.Path(__file__).resolve().parents[2] / "docs/openapi.json").read_text())
KINDS = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list}


def faults(value, schema, where=""):
    """What of the value is not as the schema says."""
    if "$ref" in schema:
        schema = API["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    kind = KINDS[schema["type"]]
    if not isinstance(value, kind) or (schema["type"] != "boolean" and isinstance(value, bool)):
        return [f"{where}: {value!r} is no {schema['type']}"]
    found = []
    if schema["type"] == "array":
        for at, one in enumerate(value):
            found += faults(one, schema["items"], f"{where}[{at}]")
    if schema["type"] == "object":
        found += [f"{where}: no {name}" for name in schema.get("required", ()) if name not in value]
        found += [f"{where}: {name} is not described" for name in value if name not in schema["properties"]]
        for name, one in value.items():
            found += faults(one, schema["properties"].get(name, {"type": "object"}), f"{where}.{name}")
    return found


class ApiTest(SwarmTest):
    in_memory = True

    def setUp(self):
        super().setUp()
        self.tracker_ = self.tracker()
        self.peer_ = self.peer("peer", self.tracker_)
        self.token = self.peer_.ok("token").out.strip()

    def call(self, verb, path, body=None, peer=None, token=True, query=None, **headers):
        """(status, headers, answer)"""
        connection = http.client.HTTPConnection("127.0.0.1", (peer or self.peer_).port, timeout=60)
        self.addCleanup(connection.close)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            headers.setdefault("Authorization", f"Bearer {self.token if token is True else token}")
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(body)
        if query:
            path += "?" + urllib.parse.urlencode(query)
        connection.request(verb.upper(), path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, answer.headers, json.loads(text) if text else None

    def checked(self, verb, path, body=None, what=None, status=200, **more):
        """The answer, which is as the API says."""
        self.called.add((verb, path))
        described = API["paths"][path][verb]["responses"]
        got, headers, answer = self.call(verb, path.replace("{what}", urllib.parse.quote(what or "")), body, **more)
        self.assertEqual(got, status, answer)
        content = described["200" if got == 200 else "default"]["content"]
        self.assertIn(headers["Content-Type"], content)
        self.assertEqual(faults(answer, content[headers["Content-Type"]]["schema"]), [])
        return answer

    def test_every_route(self):
        self.called = set()
        data = self.file("data/one.bin", 3 << 20)
        other = self.peer("other", self.tracker_)
        far = other.add(self.file("far/two words.bin", 2 << 20))["id"]
        added = self.checked("post", "/v1/shares", {"paths": [str(data)]})
        self.assertEqual([row["path"] for row in added], [str(data)])
        wait_for(lambda: len(self.checked("get", "/v1/shares")) == 2, "both shares are listed")
        self.assertEqual([row["name"] for row in self.checked("get", "/v1/shares", query={"glob": "two w*"})],
                         ["two words.bin"])
        self.assertEqual(len(self.checked("get", "/v1/peers")), 2)
        begun = self.checked("post", "/v1/downloads", {"what": "two words.bin", "wait": True})
        self.assertEqual([row["phase"] for row in begun], ["complete"])
        self.assertEqual(digest(self.peer_.dir / "two words.bin"), digest(self.directory / "far/two words.bin"))
        status = self.checked("get", "/v1/status")
        self.assertEqual([row["id"] for row in status["downloads"]], [far])
        self.assertEqual(self.checked("put", "/v1/limits", {"up": "5M"})["up"], 5_000_000)
        self.assertEqual(self.checked("get", "/v1/limits")["up"], 5_000_000)
        self.checked("put", "/v1/shares/{what}/limits", {"down": "1M"}, "one.bin")
        limits = self.checked("get", "/v1/shares/{what}/limits", what="one.bin")
        self.assertIn(1_000_000, [row["down"] for row in limits["shares"]])
        self.assertEqual(self.checked("get", "/v1/shares/{what}/why", what=far[:10])[0]["id"], far)
        self.checked("get", "/v1/why")
        self.assertIn("magnet", self.checked("get", "/v1/shares/{what}/torrent", what="two words.bin"))
        self.assertEqual(self.checked("post", "/v1/shares/{what}/verify", what="one.bin")["bad"], [])
        pieces = self.checked("get", "/v1/shares/{what}/pieces", what=far)
        bits = "".join(f"{byte:08b}" for byte in base64.b64decode(pieces["map"]))
        self.assertEqual(bits.rstrip("0"), "1" * pieces["pieces"])
        self.checked("get", "/v1/flows")
        self.checked("get", "/v1/keys")
        self.checked("get", "/v1/dump")
        self.checked("get", "/v1/ping")
        self.checked("delete", "/v1/downloads/{what}", what="nothing", status=404)
        self.checked("delete", "/v1/shares/{what}", what="one.bin")
        wait_for(lambda: len(self.checked("get", "/v1/shares")) == 1, "one share is left")
        self.checked("post", "/v1/stop")
        self.peer_.process.wait(20)
        self.assertEqual(self.called, {(verb, path) for path, verbs in API["paths"].items() for verb in verbs
                                       if path.startswith("/v1/") and path != "/v1/events"})

    def test_a_change_needs_the_token(self):
        mode = (self.peer_.state / "token").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        path = str(self.file("data/one.bin", 100))
        basic = base64.b64encode(f"x:{self.token}".encode()).decode()
        wrong = self.token[:-1] + ("0" if self.token[-1] != "0" else "1")
        for given in (f"Bearer {wrong}", "Bearer", f"Basic {basic}", self.token, f"Bearer {self.token}x"):
            status, headers, answer = self.call("post", "/v1/shares", {"paths": [path]}, Authorization=given)
            self.assertEqual((status, headers["WWW-Authenticate"]), (401, "Bearer"), given)
            self.assertEqual(headers["Content-Type"], "application/problem+json")
            self.assertEqual(faults(answer, {"$ref": "#/problem"}), [])
        self.assertEqual(self.call("post", "/v1/stop", token=False)[0], 401)
        self.assertEqual(self.call("get", "/v1/dump", token=False)[0], 401)
        self.assertEqual(self.call("get", "/v1/shares")[2], [])
        lower = f"bearer {self.token}"
        self.assertEqual(self.call("post", "/v1/shares", {"paths": [path]}, Authorization=lower)[0], 200)
        # It stays over a restart.
        self.peer_.terminate()
        again = self.peer("peer", self.tracker_)
        self.assertEqual(again.ok("token").out.strip(), self.token)

    def test_a_peer_that_cannot_have_a_token_serves_all_the_same(self):
        (self.directory / "lame.state").mkdir(mode=0o700)
        (self.directory / "lame.state/token").mkdir()
        lame = self.peer("lame", None)
        self.assertEqual(self.call("get", "/v1/status", peer=lame)[0], 200)
        self.assertEqual(self.call("post", "/v1/stop", peer=lame)[0], 401)
        self.assertIn("nothing can be changed over HTTP", lame.text())

    def test_who_has_no_token_sees_no_paths(self):
        path = str(self.file("data/one.bin", 100))
        self.peer_.add(path)
        self.peer_.ok("download", "one.bin", "--no-wait")
        self.assertIn(path, json.dumps(self.call("get", "/v1/status")[2]))
        self.assertNotIn(str(self.directory), json.dumps(self.call("get", "/v1/status", token=False)[2]))

    def test_other_sites_can_do_nothing(self):
        for host, expected in (("localhost:1", 200), ("127.0.0.1", 200), ("[::1]:7", 200), ("evil.example", 421),
                               ("evil.example:80", 421), ("", 421), (os.uname().nodename, 200)):
            status, headers, answer = self.call("get", "/v1/status", Host=host)
            self.assertEqual(status, expected, host)
            self.assertEqual(answer.get("remedy"), "other_host_name" if status == 421 else None)
            self.assertNotIn("Access-Control-Allow-Origin", headers)
        body = {"paths": [str(self.file("data/one.bin", 100))]}
        for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
            self.assertEqual(self.call("post", "/v1/shares", body, Content_Type=kind)[0], 400)
        self.assertEqual(self.call("options", "/v1/shares")[0], 405)
        named = self.peer("named", None, "--api-host", "Files.Example")
        token = named.ok("token").out.strip()
        self.assertEqual(self.call("get", "/v1/status", peer=named, token=token, Host="files.example:99")[0], 200)

    def test_api_listen_takes_addresses_alone(self):
        bad = self.peer_.run("peer", "--api-listen", "nonsense")
        self.assertEqual(bad.code, 2)
        self.assertIn("--api-listen", bad.err)

    def test_what_is_wrong_is_told(self):
        for name in ("two", "three"):
            self.peer_.add(self.file(name, 10))
        for verb, path, body, expected in (
                ("get", "/v1/nothing", None, 404), ("get", "/v1/", None, 404), ("delete", "/v1/status", None, 405),
                ("get", "/v1/shares?nonsense=1", None, 400), ("post", "/v1/shares", {}, 400),
                ("post", "/v1/shares", {"paths": 5}, 400), ("post", "/v1/shares", [], 400),
                ("post", "/v1/shares", {"paths": ["/nothing/here"]}, 404),
                ("post", "/v1/shares", {"paths": ["api_test.py"]}, 400),
                ("post", "/v1/shares", {"paths": ["/etc/hostname"], "symlink": True}, 400),
                ("post", "/v1/downloads", {"what": "nothing", "directory": "here"}, 400),
                ("put", "/v1/limits", {"upload": "1M"}, 400),
                ("get", "/v1/shares/%ff/why", None, 400), ("get", "/v1/shares/a%00b/why", None, 400),
                ("get", "/v1", None, 404), ("post", "/v1/events", {}, 405), ("get", "/v1/events?x=1", None, 400),
                ("get", "/v1/shares/t*/pieces", None, 409),
                ("get", "/v1/limits?up=1M", None, 400), ("put", "/v1/limits", {"up": "fast"}, 400),
                ("post", "/v1/downloads", {"what": "nothing"}, 404)):
            status, headers, answer = self.call(verb, path, body)
            self.assertEqual(status, expected, (verb, path, answer))
            self.assertEqual(headers["Content-Type"], "application/problem+json")
            self.assertEqual(answer["status"], status)
            self.assertTrue(answer["detail"])
        for path in ("/v1/status", "/v1/events"):
            self.assertEqual(self.call("delete", path)[1]["Allow"], "GET")

    def test_a_download_that_failed_says_what_would_help(self):
        other = self.peer("other", self.tracker_)
        other.add(self.file("far/in the way", 1000))
        (self.peer_.dir / "in the way").mkdir(parents=True)
        body = {"what": "in the way"}
        wait_for(lambda: self.call("post", "/v1/downloads", body)[0] == 200, "the share is listed")
        failed = wait_for(lambda: [row for row in self.call("get", "/v1/status")[2]["downloads"]
                                   if row["phase"] == "failed"], "it has failed")[0]
        self.assertEqual((failed["class"], failed["remedy"]), ("conflict", "clear_place"))

    def test_what_is_not_known_yet_is_not_said_to_be_done(self):
        link = "magnet:?xt=urn:btmh:1220" + "ab" * 32
        (begun,) = self.call("post", "/v1/downloads", {"what": link})[2]
        self.assertEqual((begun["phase"], begun["eta"]), ("metadata", -1))

    def test_a_large_body_of_a_stranger_is_not_read(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.peer_.port, timeout=60)
        self.addCleanup(connection.close)
        connection.putrequest("POST", "/v1/downloads")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(8 << 20))
        connection.endheaders()
        answer = connection.getresponse()
        self.assertEqual(answer.status, 401)
        self.assertEqual(answer.headers["Connection"], "close")

    def test_a_torrent_of_some_size(self):
        other = self.peer("other", None)
        for number in range(300):
            self.file(f"tree/{number}", 10)
        tree = other.add(self.directory / "tree")["id"]
        torrent = other.json("torrent", tree, "-o", self.directory / "t.torrent")
        self.assertTrue(torrent)
        data = (self.directory / "t.torrent").read_bytes()
        body = {"torrent": base64.b64encode(data).decode(), "wait": True, "peers": [f"127.0.0.1:{other.port}"]}
        status, _, answer = self.call("post", "/v1/downloads", body, Expect="100-continue")
        self.assertEqual((status, answer[0]["phase"]), (200, "complete"))


if __name__ == "__main__":
    unittest.main()
