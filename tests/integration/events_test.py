"""What changes, as server-sent events."""
import http.client
import json
import pathlib
import unittest

from harness import PATIENCE, SwarmTest, wait_for
from tracker_wire import Member

MIB = 1 << 20


class Events:
    """Reads the events of a peer."""

    def __init__(self, test, peer, last=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=PATIENCE)
        test.addCleanup(self.connection.close)
        self.connection.request("GET", "/v1/events", headers={"Last-Event-ID": last} if last else {})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200
        assert self.answer.headers["Content-Type"] == "text/event-stream"
        self.last = last

    def next(self):
        """(type, data)"""
        event = {}
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif "event" in event:
                self.last = event["id"]
                return event["event"], json.loads(event["data"])
            else:
                event = {}

    def until(self, kind, fits=lambda data: True):
        while True:
            found, data = self.next()
            if found == kind and fits(data):
                return data

    def until_all(self, *wanted):
        """In any order."""
        wanted = list(wanted)
        while wanted:
            found, data = self.next()
            wanted = [one for one in wanted if one[0] != found or not one[1](data)]


class EventsTest(SwarmTest):
    in_memory = True

    def test_what_happens_is_told(self):
        tracker = self.tracker()
        peer = self.peer("peer", tracker)
        self.wait_peers(peer, 1)
        events = Events(self, peer)
        other = self.peer("other", tracker)
        joined = events.until("peer", lambda row: row["name"] == "other")
        self.assertEqual(joined["port"], other.port)
        share = other.add(self.file("data/one.bin", 8 * MIB))["id"]
        listed = events.until("share", lambda row: row["id"] == share)
        self.assertEqual((listed["name"], listed["seeders"]), ("one.bin", 1))
        other.ok("limit", "--up", "2M")
        peer.ok("download", share, "--no-wait")
        partly = events.until("download", lambda row: row["id"] == share and 0 < row["done"] < 8 * MIB)
        self.assertNotIn(str(self.directory), json.dumps(partly))
        events.until_all(("download", lambda row: row["id"] == share and row["phase"] == "complete"),
                         ("status", lambda status: status["bytes_downloaded"] >= 8 * MIB),
                         ("share", lambda row: row["id"] == share and row["seeders"] == 2))
        other.ok("remove", share)
        events.until("share", lambda row: row["id"] == share and row["seeders"] == 1)
        other.kill()
        events.until("peer-gone", lambda gone: gone["id"] == joined["peer"])

    def test_who_comes_back_misses_nothing(self):
        peer = self.peer("peer", None)
        events = Events(self, peer)
        first = peer.add(self.file("data/one.bin", 100))["id"]
        events.until("share", lambda row: row["id"] == first)
        events.connection.close()
        witness = Events(self, peer)
        second = peer.add(self.file("data/two.bin", 100))["id"]
        witness.until("share", lambda row: row["id"] == second)
        again = Events(self, peer, events.last)
        seen = []
        while not seen or seen[-1][1].get("id") != second:
            seen.append(again.next())
        self.assertNotIn("reset", [kind for kind, _ in seen])
        for unknown in ("nonsense", "1-1"):
            self.assertEqual(Events(self, peer, unknown).next(), ("reset", {}))

    def test_a_peer_that_hashes_much_is_a_short_row(self):
        tracker = self.tracker()
        peer = self.peer("peer", tracker)
        self.wait_peers(peer, 1)
        events = Events(self, peer)
        hasher = Member(tracker.port, name="hasher")
        self.addCleanup(hasher.close)
        names = [f"{n:04}".ljust(200, "x") for n in range(1000)]
        hasher.say(type="hashing", shares=[{"name": name, "bytes": 10, "done": 1} for name in names])
        told = events.until("peer", lambda row: row["hashing_count"] == 1000)
        (listed,) = (row for row in peer.json("peers") if row["name"] == "hasher")
        for row in (told, listed):
            self.assertEqual([one["name"] for one in row["hashing"]], names[:8])

    def test_what_others_hash_counts_for_who_lists_without_the_token(self):
        tracker = self.tracker()
        peer = self.peer("peer", tracker)
        hashers = [Member(tracker.port, name=f"hasher{n}") for n in range(21)]
        for n, hasher in enumerate(hashers):
            self.addCleanup(hasher.close)
            hasher.say(type="hashing", shares=[{"name": f"{n} {k}", "bytes": 1, "done": 0} for k in range(1000)])
        wait_for(lambda: sum(row["hashing_count"] for row in peer.json("peers")) == 21_000, "all are known")

        def asked(headers):
            connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=PATIENCE)
            self.addCleanup(connection.close)
            connection.request("GET", "/v1/shares", headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        status, problem = asked({})
        self.assertEqual((status, problem["class"]), (403, "permission"))
        status, rows = asked({"Authorization": "Bearer " + peer.ok("token").out.strip()})
        self.assertEqual((status, len(rows)), (200, 21_000))

    def test_who_leaves_is_noticed(self):
        peer = self.peer("peer", None)

        def open_here():
            """Connections that the peer has not closed."""
            rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
            return sum(int(row[1].split(":")[1], 16) == peer.port and row[3] in ("01", "08") for row in rows)

        for _ in range(5):
            Events(self, peer).connection.close()
        wait_for(lambda: open_here() == 0, "the connections are closed on the other side, too")
        # And it ends at once beside one that stays.
        Events(self, peer)
        peer.terminate()


if __name__ == "__main__":
    unittest.main()
