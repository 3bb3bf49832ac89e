"""What a page in a browser gets from a tracker: the swarm, as it changes."""
import pathlib
import shutil
import socket
import subprocess
import unittest

from harness import SwarmTest, wait_for
from tracker_wire import Looker, Member, read_content

# Unpacks a message of the tracker as a browser does.
UNPACK = """
const chunks = [];
process.stdin.on('data', chunk => chunks.push(chunk)).on('end', async () => {
  const unpacked = new Blob(chunks).stream().pipeThrough(new DecompressionStream('deflate'));
  process.stdout.write(await new Response(unpacked).text());
});
"""


class LookTest(SwarmTest):
    in_memory = True

    def looker(self, tracker, **options):
        one = Looker(tracker.port, **options)
        self.addCleanup(one.close)
        return one

    def hear(self, one, kind):
        while (heard := one.hear())["type"] != kind:
            pass
        return heard

    def test_a_page_sees_the_swarm_and_is_no_peer(self):
        tracker = self.tracker("--heartbeat", "500")
        seeder = self.peer("seeder", tracker)
        share = seeder.add(self.file("data", 1 << 20))["id"]
        self.wait_listed(seeder, "data")
        here = f"127.0.0.1:{tracker.port}"
        page = self.looker(tracker, name=here, origin=f"http://{here}")
        welcome = page.hear()
        self.assertEqual(welcome, {"type": "welcome", "address": "127.0.0.1", "reachable": False, "heartbeat_ms": 500})
        snapshot = page.hear()
        self.assertEqual((snapshot["type"], [row["name"] for row in snapshot["peers"]],
                          [row["id"] for row in snapshot["shares"]]), ("snapshot", ["seeder"], [share]))
        page.say(type="watch", id=share)
        self.assertEqual([row["seeder"] for row in self.hear(page, "swarm")["joined"]], [True])
        leecher = self.peer("leecher", tracker)
        joined = self.hear(page, "delta")
        self.assertEqual(([row["name"] for row in joined["joined"]], joined["seq"]), (["leecher"], snapshot["seq"] + 1))
        leecher.ok("download", share)
        peers = leecher.json("peers")
        self.assertEqual(sorted(row["name"] for row in peers), ["leecher", "seeder"])
        leecher.kill()
        while not self.hear(page, "delta").get("left"):
            page.say(type="look")

    def test_pages_of_other_sites_are_refused(self):
        tracker = self.tracker("--api-host", "Files.Example")
        here = f"127.0.0.1:{tracker.port}"
        self.looker(tracker, name="files.example", origin="https://files.example").hear()
        self.looker(tracker, name=f"localhost:{tracker.port}", origin=f"http://localhost:{tracker.port}").hear()
        name = socket.gethostname().lower()
        self.looker(tracker, name=name, origin=f"http://{name}").hear()
        for host, origin in ((here, "http://evil.example"), (here, "null"), ("evil.example", "http://evil.example")):
            with self.assertRaisesRegex(ConnectionRefusedError, " 403 "):
                self.looker(tracker, name=host, origin=origin)

    def test_too_many_pages_of_one_address_are_told_so(self):
        tracker = self.tracker()
        pages = [self.looker(tracker) for _ in range(64)]
        for page in pages:
            self.assertEqual(page.hear()["type"], "welcome")
        failure = self.looker(tracker).hear()
        self.assertEqual((failure["type"], failure["code"]), ("failure", "limit"))
        self.assertIn("close other pages", failure["text"])
        pages.pop().close()
        wait_for(lambda: self.looker(tracker).hear()["type"] == "welcome", "there is room for a page again")
        self.peer("guest", tracker).ok("peers")

    @unittest.skipIf(shutil.which("node") is None, "needs Node.js")
    def test_a_browser_can_unpack_what_is_packed(self):
        tracker = self.tracker()
        member = Member(tracker.port)
        self.addCleanup(member.close)
        names = [f"share {number}" for number in range(100)]
        member.say(type="publish", shares=[{"id": f"{number:064x}", "name": name, "bytes": 10, "files": 1, "have": 10}
                                           for number, name in enumerate(names)])
        while not member.hear().get("published"):
            pass
        script = self.directory / "unpack.js"
        pathlib.Path(script).write_text(UNPACK)
        page = self.looker(tracker)
        kind, packed = 1, b""
        while kind != 2:
            kind, packed = read_content(page.connection)
        done = subprocess.run(["node", script], input=packed, capture_output=True, check=True, timeout=60)
        for name in names:
            self.assertIn(f'"{name}"', done.stdout.decode())


if __name__ == "__main__":
    unittest.main()
