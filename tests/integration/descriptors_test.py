"""A process that gets no more file descriptors for a while loses nothing by it, and goes on afterwards."""
import base64
import json
import os
import resource
import socket
import threading
import unittest

from accuser import Accuser
from harness import SwarmTest, digest, tree, wait_for
from proxy import Proxy

STANDARD_STREAMS = 3


@unittest.skipIf(os.environ.get("SHOAL_SANITIZE"), "sanitizers themselves need descriptors")
class DescriptorsTest(SwarmTest):
    def take(self, peer):
        """From now on the peer gets no new descriptor; what gives them back."""
        before = resource.prlimit(peer.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(peer.process.pid, resource.RLIMIT_NOFILE, (STANDARD_STREAMS, before[1]))
        return lambda: resource.prlimit(peer.process.pid, resource.RLIMIT_NOFILE, before)

    def control(self, peer):
        """A connection to the peer by which it can be asked while it gets no descriptor: of a method, its answer."""
        connection = socket.socket(socket.AF_UNIX)
        self.addCleanup(connection.close)
        connection.settimeout(60)
        connection.connect(str(peer.state / "control.sock"))
        answers = connection.makefile()
        self.addCleanup(answers.close)

        def ask(method, **params):
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            connection.sendall(json.dumps(request).encode() + b"\n")
            return next(one for one in map(json.loads, answers) if "method" not in one)
        # The connection is accepted by then.
        ask("ping")
        return ask

    def folder(self, files=300, size=20_000):
        for i in range(files):
            self.file(f"data/folder/deep/f{i}", size, seed=i)
        return self.directory / "data/folder"

    def not_failed(self, ask, share):
        """The row of the download, which has not failed."""
        row = next(row for row in ask("status")["result"]["downloads"] if row["id"] == share)
        self.assertNotEqual(row["phase"], "failed", row)
        return row

    def test_a_seeder_does_not_lose_its_share(self):
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        # More than all buffers on the way hold.
        folder = self.folder(size=200_000)
        share = seeder.add(folder)["id"]
        seeder.terminate()
        seeder = self.peer("seeder", tracker)
        seeder_says = self.control(seeder)
        wait_for(lambda: seeder_says("status")["result"]["shares"], "it is shared")
        magnet = seeder.bare_link("folder")
        proxy = Proxy(self, seeder.port, rate=100_000)
        leecher.ok("download", magnet, "--peer", proxy.address, "--no-wait")
        leecher.wait_done(share, 20_000)
        give_back = self.take(seeder)
        proxy.rate = None
        wait_for(lambda: leecher.download_row(share)["chunks_requeued"] > 0, "requests are refused")
        self.assertTrue(seeder_says("status")["result"]["shares"][0]["there"])
        give_back()
        wait_for(lambda: leecher.download_row(share)["phase"] == "complete", "the download ends")
        self.assertEqual(tree(leecher.dir / "folder"), tree(folder))
        self.assertNotIn("share is lost", seeder.text())

    def test_a_download_goes_on_and_ends(self):
        seeder, leecher = self.peer("seeder"), self.peer("leecher")
        folder = self.folder()
        share = seeder.add(folder)["id"]
        proxy = Proxy(self, seeder.port, rate=400_000)
        leecher_says = self.control(leecher)
        leecher.ok("download", seeder.bare_link("folder"), "--peer", proxy.address, "--no-wait")
        leecher.wait_done(share, 1_000_000)
        give_back = self.take(leecher)
        passed = proxy.bytes
        proxy.rate = None
        # More than what was under way comes, and cannot be written.
        wait_for(lambda: proxy.bytes > passed + 6_000_000 or not self.not_failed(leecher_says, share),
                 "what cannot be written comes")
        self.not_failed(leecher_says, share)
        give_back()
        wait_for(lambda: self.not_failed(leecher_says, share)["phase"] == "complete", "the download ends")
        self.assertEqual(tree(leecher.dir / "folder"), tree(folder))

    def test_the_end_of_a_download_waits(self):
        seeder, leecher = self.peer("seeder"), self.peer("leecher")
        folder = self.folder(files=3, size=4 << 20)
        share = seeder.add(folder)["id"]
        proxy = Proxy(self, seeder.port, rate=4 << 20)
        says = self.control(leecher)
        leecher.ok("download", seeder.bare_link("folder"), "--peer", proxy.address, "--no-wait")
        # Each of the files is open, so all that is left can be written.
        leecher.wait_done(share, 9 << 20)
        give_back = self.take(leecher)
        proxy.rate = None
        wait_for(lambda: self.not_failed(says, share)["phase"] == "finishing", "all is there")
        # What is asked for here comes behind it, so what it tried has failed by then.
        for _ in range(100):
            says("add", paths=[str(self.directory / "none")])
            self.assertEqual(self.not_failed(says, share)["phase"], "finishing")
        wait_for(lambda: "Too many open files; it goes on by itself" in self.not_failed(says, share)["reason"],
                 "it says what it waits for")
        give_back()
        wait_for(lambda: self.not_failed(says, share)["phase"] == "complete", "the download ends")
        self.assertEqual(tree(leecher.dir / "folder"), tree(folder))

    def test_nothing_is_called_damaged_that_cannot_be_read(self):
        seeder = self.peer("seeder")
        share = seeder.add(self.file("data/x", 8 << 20))["id"]
        # Without what it has open already.
        seeder.terminate()
        seeder = self.peer("seeder")
        says = self.control(seeder)
        wait_for(lambda: says("status")["result"]["shares"], "it is shared")
        accuser = Accuser(self, seeder, share)
        give_back = self.take(seeder)
        accuser.accuse([3])
        wait_for(lambda: "a piece was said to be damaged" in seeder.text(), "the piece is looked at")
        self.assertNotIn("damaged=true", seeder.text())
        failure = says("verify", what="x")["error"]
        self.assertEqual(failure["data"]["class"], "limit", failure)
        self.assertIn("Too many open files", failure["message"])
        self.assertIn("'x'", failure["message"])
        self.assertEqual([row["there"] for row in says("status")["result"]["shares"]], [True])
        give_back()
        wait_for(lambda: "piece=3 damaged=false" in seeder.text(), "it is read after all")
        seeder.ok("verify", "x")

    def test_a_download_begins_and_a_removed_one_is_deleted(self):
        seeder, leecher = self.peer("seeder"), self.peer("leecher")
        path = self.file("data/x", 8 << 20)
        share = seeder.add(path)["id"]
        torrent = self.directory / "x.torrent"
        seeder.ok("torrent", "x", "-o", torrent)
        says = self.control(leecher)
        content = base64.b64encode(torrent.read_bytes()).decode()
        # Its answer may come only when it has begun.
        begin = threading.Thread(target=self.control(leecher), args=("download",), kwargs={
            "torrent": content, "wait": False, "peers": [f"127.0.0.1:{seeder.port}"]})
        give_back = self.take(leecher)
        begin.start()
        wait_for(lambda: says("status")["result"]["downloads"], "it is listed")
        for _ in range(100):
            self.not_failed(says, share)
        give_back()
        begin.join(60)
        wait_for(lambda: self.not_failed(says, share)["phase"] == "complete", "the download ends")
        self.assertEqual(digest(leecher.dir / "x"), digest(path))
        seeder.kill()
        leecher.kill()
        other = self.peer("other")
        says = self.control(other)
        says("download", torrent=content, wait=False, peers=["127.0.0.1:1"])
        wait_for(lambda: self.not_failed(says, share)["phase"] == "waiting", "it waits")
        self.assertTrue(other.unfinished().exists())
        give_back = self.take(other)
        self.assertIn("Too many open files", says("remove", what="x")["error"]["message"])
        give_back()
        self.assertTrue(says("remove", what="x")["result"])
        self.assertEqual(list(other.dir.iterdir()), [])
