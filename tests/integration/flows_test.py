"""Who has which pieces, and who sends to whom: /v1/shares/…/pieces and /v1/flows, while a swarm works."""
import base64
import http.client
import json
import unittest

from harness import SwarmTest, wait_for

MIB = 1 << 20


def bits(text):
    """Numbers of the pieces of a map: the first piece is the highest bit of the first byte (BEP 3)."""
    return {8 * at + bit for at, byte in enumerate(base64.b64decode(text, validate=True)) for bit in range(8)
            if byte & 0x80 >> bit}


class FlowsTest(SwarmTest):
    in_memory = True

    def get(self, peer, path, token=False):
        connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def ok(self, peer, path, **more):
        status, answer = self.get(peer, path, **more)
        self.assertEqual(status, 200, answer)
        return answer

    def swarm(self, rate="1M", size=40 * MIB):
        """A seeder, and a leecher that fetches at this rate."""
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        share = seeder.add(self.file("data", size))["id"]
        self.wait_listed(leecher, "data")
        leecher.ok("download", share, "--no-wait", "--down-limit", rate)
        leecher.wait_done(share, 2 * MIB)
        return seeder, leecher, share

    def test_both_sides_tell_the_same_flow(self):
        seeder, leecher, share = self.swarm()

        def steady():
            rows = self.ok(seeder, "/v1/flows")
            return rows[0] if rows and 0.7e6 < rows[0]["up"] < 1.3e6 else None
        sends = wait_for(steady, "the seeder sends at the limit of the leecher")
        takes, = self.ok(leecher, "/v1/flows")
        self.assertEqual((sends["id"], sends["name"], sends["peer_name"], sends["down"], sends["downloaded"]),
                         (share, "data", "leecher", 0, 0))
        self.assertEqual((takes["id"], takes["name"], takes["peer_name"], takes["up"], takes["uploaded"]),
                         (share, "data", "seeder", 0, 0))
        self.assertTrue(sends["client"].startswith("shoal/"))
        self.assertEqual(takes["address"], f"127.0.0.1:{seeder.port}")
        self.assertEqual(sends["peer"], leecher.json("status")["peer"])
        wait_for(lambda: 0.7e6 < self.ok(leecher, "/v1/flows")[0]["down"] < 1.3e6, "the leecher gets what its limit lets in")
        leecher.ok("limit", "data", "--down", "1k")
        wait_for(lambda: self.ok(seeder, "/v1/flows")[0]["up"] < 20_000, "hardly anything flows")
        sent, got = self.ok(seeder, "/v1/flows")[0]["uploaded"], self.ok(leecher, "/v1/flows")[0]["downloaded"]
        self.assertGreaterEqual(sent, got)
        self.assertGreaterEqual(got, leecher.download_row(share)["done"])
        self.assertLess(sent - got, 16 * MIB)
        leecher.ok("limit", "data", "--down", "0")
        leecher.ok("download", share)
        for peer in (seeder, leecher):
            wait_for(lambda one=peer: self.ok(one, "/v1/flows") == [], "no session is left when both have all")

    def test_the_map_is_what_is_there(self):
        seeder, leecher, share = self.swarm()
        pieces = self.ok(seeder, f"/v1/shares/{share}/pieces")
        count, size = pieces["pieces"], pieces["piece_bytes"]
        self.assertEqual((pieces["id"], pieces["name"], count * size), (share, "data", 40 * MIB))
        self.assertEqual(bits(pieces["map"]), set(range(count)))
        first, second = pieces["holders"]
        self.assertEqual((first["self"], first["seeder"], first["name"], first["map"]),
                         (True, True, "seeder", pieces["map"]))
        self.assertEqual((second["self"], second["seeder"], second["name"]), (False, False, "leecher"))

        leecher.ok("limit", "data", "--down", "1k")

        def settled():
            row = leecher.download_row(share)
            mine = self.ok(leecher, f"/v1/shares/{share}/pieces")
            there = self.ok(seeder, f"/v1/shares/{share}/pieces")["holders"][1]
            same = len(bits(mine["map"])) * size == row["done"] and bits(there["map"]) == bits(mine["map"])
            return mine if same else None
        mine = wait_for(settled, "both sides know what the leecher has")
        self.assertLess(len(bits(mine["map"])), count)
        self.assertGreater(len(bits(mine["map"])), 0)
        me, other = mine["holders"]
        self.assertEqual((me["self"], me["seeder"], me["map"]), (True, False, mine["map"]))
        self.assertEqual((other["name"], other["seeder"], bits(other["map"])), ("seeder", True, set(range(count))))
        self.assertEqual(other["address"], f"127.0.0.1:{seeder.port}")

    def test_what_has_no_map_says_why(self):
        seeder, leecher, share = self.swarm()
        leecher.ok("cancel", "data")
        status, answer = self.get(leecher, f"/v1/shares/{share}/pieces")
        self.assertEqual((status, answer["class"]), (404, "not_found"))
        self.assertIn("'data' is not served or downloaded now", answer["detail"])
        self.assertEqual(self.get(seeder, "/v1/shares/nothing/pieces")[0], 404)
        seeder.kill()
        lost = self.peer("lost")
        lost.ok("download", f"magnet:?xt=urn:btmh:1220{'ab' * 32}", "--no-wait")
        status, answer = self.get(lost, f"/v1/shares/{'ab' * 32}/pieces")
        self.assertEqual((status, answer["class"]), (404, "not_found"))
        self.assertIn("wait for its metadata", answer["detail"])
        self.assertEqual(self.ok(lost, "/v1/flows"), [])

    def test_a_share_of_many_pieces(self):
        """Each file has a piece of its own."""
        seeder = self.peer("seeder")
        for number in range(3001):
            self.file(f"tree/{number}", 1)
        share = seeder.add(self.directory / "tree")["id"]
        token = seeder.ok("token").out.strip()
        for given in (False, token):
            pieces = self.ok(seeder, f"/v1/shares/{share}/pieces", token=given)
            self.assertEqual((pieces["pieces"], len(base64.b64decode(pieces["map"]))), (3001, 376))
            self.assertEqual(bits(pieces["map"]), set(range(3001)))


if __name__ == "__main__":
    unittest.main()
