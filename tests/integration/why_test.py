"""A download says what holds it up: each cause is made, and `why` names it."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

import faulty_disk
import harness
import wire
from harness import Peer, Process, SwarmTest, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "bench"))
import swarm_host  # noqa: E402: from the folder above

SIZE = 64 << 20


class WhyTest(SwarmTest):
    in_memory = True

    def cause(self, peer, cause, seconds=harness.PATIENCE):
        """The row of the peer's only download, once it names this cause."""
        seen = {}

        def named():
            rows = peer.json("why")
            if rows:
                seen["last"] = rows[0]
            return rows[0] if rows and rows[0]["cause"] == cause else None
        try:
            return wait_for(named, f"'{cause}'", seconds, every=0.1)
        except AssertionError as problem:
            raise AssertionError(f"{problem}: {seen.get('last')}") from None

    def begin(self, peer, what, *options):
        """A download that goes on in the background."""
        running = peer.start("download", what, *options)
        self.addCleanup(running.communicate)
        self.addCleanup(running.kill)
        return running


@unittest.skipIf(swarm_host.why_not(), swarm_host.why_not())
class LinksTest(WhyTest):
    """Each peer has a link of its own, of a chosen rate in Mbit/s."""

    def swarm(self, sources, leecher, *options, size=SIZE):
        """One peer for each (up, down) of `sources`, which share one file, and one that wants it."""
        network = swarm_host.Network([(None, None), *sources, leecher])
        self.enterContext(network) if hasattr(self, "enterContext") else self.enter(network)
        hosts = network.hosts
        where = f"{hosts[0].address}:7000"
        Process(hosts[0], ["tracker", "--listen", where], self.directory / "tracker.log")
        path = self.file("wanted.bin", size)
        for number, host in enumerate(hosts[1:-1]):
            name = f"source{number}"
            Peer(host, name, self.directory, "--tracker", where, "--listen", f"{host.address}:7000", *options).add(path)
        peer = Peer(hosts[-1], "leecher", self.directory, "--tracker", where, "--listen", f"{hosts[-1].address}:7000")
        self.wait_listed(peer, "wanted.bin", seeders=len(sources))
        return peer

    def enter(self, network):
        network.__enter__()
        self.addCleanup(network.__exit__)

    def test_our_downlink(self):
        leecher = self.swarm([(None, None)] * 3, (None, 10))
        self.begin(leecher, "wanted.bin")
        row = self.cause(leecher, "downlink")
        self.assertIn("our downlink, or another link that all share: 3 sources bring", row["text"])
        self.assertLess(row["rate"], 10e6 / 8)

    def test_the_uplinks_of_sources(self):
        leecher = self.swarm([(10, None)] * 3, (None, None))
        self.begin(leecher, "wanted.bin")
        row = self.cause(leecher, "uplinks")
        # With few samples a common link is not excluded yet.
        row = wait_for(lambda: (r := leecher.json("why")[0]) and "too little is seen" not in r["text"] and r, "no guess")
        self.assertEqual(row["cause"], "uplinks")
        self.assertIn("the uplinks of 3 sources", row["text"])
        for number in range(3):
            self.assertIn(f"10.77.0.{number + 2}:7000", row["text"])

    def test_the_uplink_of_the_only_source(self):
        leecher = self.swarm([(10, None)], (None, None))
        self.begin(leecher, "wanted.bin")
        row = self.cause(leecher, "uplinks")
        self.assertIn("the uplink of 10.77.0.2:7000", row["text"])

    def test_the_limit_of_the_sources(self):
        leecher = self.swarm([(None, None)] * 2, (None, None), "--up-limit", "1M")
        self.begin(leecher, "wanted.bin")
        self.cause(leecher, "their_limit")
        wait_for(lambda: "the limits of 2 sources, 2.00 MB/s together" in leecher.json("why")[0]["text"], "both")


class HereTest(WhyTest):
    def test_our_own_limits(self):
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        seeder.add(self.file("wanted.bin", SIZE))
        leecher = self.peer("leecher", tracker, "--down-limit", "2M")
        self.wait_listed(leecher, "wanted.bin")
        self.begin(leecher, "wanted.bin")
        row = self.cause(leecher, "own_limit")
        self.assertIn("the limit of this peer, 2.00 MB/s", row["text"])
        self.assertEqual(row["possible"], 2e6)
        wait_for(lambda: leecher.json("why")[0]["share"] > 0.8, "it is used")
        leecher.ok("limit", "wanted.bin", "--down", "1M")
        wait_for(lambda: "the limit of this share here, 1.00 MB/s" in leecher.json("why")[0]["text"], "the lower one")
        # A line of it is everywhere.
        self.assertIn("the limit of this share", leecher.json("status")["downloads"][0]["why"])
        self.assertIn("the limit of this share", leecher.ok("why", "wanted.bin").out)
        self.assertIn("% of 1.00 MB/s", leecher.ok("why", "wanted.bin").out)

    def test_nobody_has_it_and_nobody_can_be_reached(self):
        leecher = self.peer("leecher")
        link = f"magnet:?xt=urn:btmh:1220{'ab' * 32}"
        self.begin(leecher, link)
        self.assertIn("none is connected", self.cause(leecher, "no_source")["text"])
        with_peer = f"magnet:?xt=urn:btmh:1220{'cd' * 32}&x.pe=127.0.0.1:9"
        self.begin(leecher, with_peer)
        row = wait_for(lambda: next((r for r in leecher.json("why") if r["cause"] == "no_route"), None), "no route")
        self.assertIn("refused", row["text"])

    def test_pieces_that_nobody_has(self):
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker, "--up-limit", "4M")
        share = seeder.add(self.file("wanted.bin", SIZE))["id"]
        first = self.peer("first", tracker)
        self.wait_listed(first, "wanted.bin")
        self.begin(first, "wanted.bin")
        first.wait_done(share, 4 << 20)
        second = self.peer("second", tracker)
        self.wait_listed(second, "wanted.bin")
        self.begin(second, "wanted.bin")
        second.wait_done(share, 1 << 20)
        address = seeder.ready["listen"][0]
        seeder.kill()
        row = self.cause(second, "missing_pieces")
        self.assertIn("nobody who is connected has", row["text"])
        self.assertIn("of wanted.bin)", row["text"])
        self.assertIn(f"{address} had some of them last", row["text"])

    @faulty_disk.needed
    def test_a_disk_that_is_slow(self):
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        seeder.add(self.file("wanted.bin", SIZE))
        faults = faulty_disk.FaultyDisk(self.directory)
        self.prefix = faults.prefix
        leecher = self.peer("leecher", tracker)
        self.prefix = []
        self.wait_listed(leecher, "wanted.bin")
        faults.set(f"fault {leecher.dir} pwrite slow 1")
        self.begin(leecher, "wanted.bin")
        row = self.cause(leecher, "disk")
        self.assertIn("this disk", row["text"])

    def keep_busy(self, cores):
        """Somebody else uses these."""
        for core in cores:
            busy = f"import os\nos.sched_setaffinity(0, {{{core}}})\nprint(flush=True)\nwhile True: pass"
            other = subprocess.Popen([sys.executable, "-c", busy], stdout=subprocess.PIPE)
            self.addCleanup(other.communicate)
            self.addCleanup(other.kill)
            other.stdout.read(1)

    def threads(self, peer):
        """Numbers of its network thread and of all others."""
        folder = pathlib.Path(f"/proc/{peer.process.pid}/task")
        numbers = {(one / "comm").read_text().strip() == "network": int(one.name) for one in folder.iterdir()}
        others = [int(one.name) for one in folder.iterdir() if int(one.name) != numbers[True]]
        return numbers[True], others

    def fetching(self, size=SIZE, prefix=()):
        """A leecher whose download begins now, from a seeder on this machine."""
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        seeder.add(self.file("wanted.bin", size))
        self.prefix = list(prefix)
        leecher = self.peer("leecher", tracker)
        self.prefix = []
        self.wait_listed(leecher, "wanted.bin")
        return leecher

    def waits_for_a_processor(self, of_network):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            self.skipTest("needs a processor for the others")
        leecher = self.fetching(4 * SIZE)
        network, others = self.threads(leecher)
        self.keep_busy([cores[0]] * 2)
        for number in [network] if of_network else others:
            os.sched_setaffinity(number, {cores[0]})
            os.setpriority(os.PRIO_PROCESS, number, 15)
        self.begin(leecher, "wanted.bin")
        self.assertRegex(self.cause(leecher, "processor")["text"], r"this program waits for it \d+ % of the time")

    def test_a_network_thread_that_waits_for_a_processor(self):
        self.waits_for_a_processor(of_network=True)

    def test_workers_that_wait_for_a_processor(self):
        self.waits_for_a_processor(of_network=False)

    @faulty_disk.needed
    def test_hashes_that_are_slow(self):
        leecher = self.fetching(prefix=faulty_disk.preloaded(self.directory, "slow_hash"))
        self.begin(leecher, "wanted.bin")
        self.assertIn("what arrives waits to be verified", self.cause(leecher, "hashing")["text"])

    def foreign(self, serve):
        """A leecher of a share that only a client of another kind has, which does what `serve` says."""
        torrent = wire.Torrent("foreign.bin", 1 << 20, 64 << 10)
        client = serve(torrent)
        self.addCleanup(client.close)
        leecher = self.peer("leecher")
        self.begin(leecher, f"{torrent.magnet}&x.pe={client.address}")
        return leecher, client

    def test_a_foreign_client_that_chokes(self):
        class Choking(wire.Seeder):
            def _begin(self, connection):
                send = connection.send
                connection.send = lambda data: send(data.replace(wire.message(wire.UNCHOKE), b""))
                super()._begin(connection)
        leecher, client = self.foreign(Choking)
        row = self.cause(leecher, "choked")
        self.assertIn(f"the only connected peer serves others first ({client.address}", row["text"])

    def test_a_foreign_client_that_refuses(self):
        class Refusing(wire.Seeder):
            def _answer(self, connection, piece, begin, length):
                connection.send(wire.message(wire.REJECT, piece, begin, length))
        leecher, client = self.foreign(Refusing)
        row = self.cause(leecher, "refused")
        self.assertIn(f"refuses what it is asked for ({client.address}", row["text"])

    def test_a_foreign_client_that_says_nothing_of_the_metadata(self):
        class Silent(wire.Seeder):
            def _tell(self, connection, asked):
                pass
        leecher, _ = self.foreign(Silent)
        row = self.cause(leecher, "metadata")
        self.assertIn("asking 1 peer what it is", row["text"])

    def test_a_foreign_client_that_answers_nothing(self):
        class Mute(wire.Seeder):
            def _answer(self, connection, piece, begin, length):
                pass
        leecher, client = self.foreign(Mute)
        row = self.cause(leecher, "silent")
        self.assertIn(f"does not answer ({client.address}", row["text"])

    def test_a_dump_holds_what_happens_and_no_name(self):
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        seeder.add(self.file("secret-name.bin", SIZE))
        leecher = self.peer("leecher", tracker, "--down-limit", "2M")
        self.wait_listed(leecher, "secret-name.bin")
        self.begin(leecher, "secret-name.bin")
        self.cause(leecher, "own_limit")
        path = self.directory / "dump.json"
        leecher.ok("why", "--dump", path)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        text = path.read_text()
        self.assertNotIn("secret-name", text)
        download, = json.loads(text)["downloads"]
        self.assertEqual(download["cause"], "own_limit")
        self.assertEqual(download["sources"][0]["address"], seeder.ready["listen"][0])
        self.assertEqual(download["pieces_nobody_has"], 0)
        again = leecher.run("why", "--dump", path)
        self.assertEqual(again.code, 7)
        self.assertIn("dump.json", again.err)
        leecher.ok("why", "--dump", self.directory / "names.json", "--names")
        self.assertIn("secret-name", (self.directory / "names.json").read_text())
        self.assertEqual(leecher.run("why", "--names").code, 2)

    def test_what_is_complete_or_not_there(self):
        seeder = self.peer("seeder")
        self.assertEqual(seeder.json("why"), [])
        seeder.add(self.file("wanted.bin", 1 << 20))
        self.assertEqual(seeder.json("why", "wanted.bin")[0]["cause"], "complete")
        unknown = seeder.run("why", "nothing.bin")
        self.assertNotEqual(unknown.code, 0)
        self.assertIn("nothing.bin", unknown.err)


if __name__ == "__main__":
    unittest.main()
