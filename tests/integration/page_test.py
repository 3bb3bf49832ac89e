"""The page of a peer and of a tracker, in a real Chromium, against a live swarm.

SHOAL_PAGE_PICTURES=DIR saves a picture of each view in both colour schemes and at three widths.
"""
import base64
import gzip
import hashlib
import http.client
import http.server
import json
import os
import re
import threading
import unittest
import zlib

from harness import SwarmTest, wait_for
from page_browser import MODULES, Browser
from tracker_wire import Member, frame, read_message, text

MIB = 1 << 20
PICTURES = os.environ.get("SHOAL_PAGE_PICTURES")
PACKED_BYTES_MAX = 60_000
FILES = 20_000
ROWS = 250
IS_LIVE = "document.querySelector('.top .dot.live')"


def human_bytes(value):
    """As core/human_bytes."""
    units = ["B", "kB", "MB", "GB", "TB"]
    unit = 0
    while value >= 999.5:
        value, unit = value / 1000, unit + 1
    return f"{value:.{0 if unit == 0 else 2 if value < 9.995 else 1 if value < 99.95 else 0}f} {units[unit]}"


class PageTest(SwarmTest):
    in_memory = True

    def get(self, peer, path="/", verb="GET", **headers):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request(verb, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def browser(self, node, **options):
        """Shows the page of a peer or of a tracker."""
        made = Browser(self)
        made.open(f"http://127.0.0.1:{node.port}/", **options)
        made.wait(IS_LIVE)
        return made

    def check_quiet(self, browser, ended):
        """No errors. The page may ask for the pieces of a share just when that ends: the browser notes the 404."""
        expected = re.compile(rf"status of 404 .*/v1/shares/{ended['id']}/pieces$")
        self.assertEqual([], [one for one in browser.troubles() if not expected.search(one)])

    def unlock(self, browser, peer):
        browser.click("text=Unlock")
        browser.fill("[name=token]", peer.ok("token").out.strip())
        browser.click("dialog [type=submit]")
        browser.wait("!document.querySelector('dialog') && sessionStorage.getItem('shoal-token')")


class ServingTest(PageTest):
    def setUp(self):
        super().setUp()
        self.peer_ = self.peer("peer")
        status, _, body = self.get(self.peer_)
        if status == 404:
            self.assertIn(b"This build has no page", body)
            self.skipTest(body.decode())

    def test_the_page_is_one_small_file_that_asks_nobody_else(self):
        status, headers, packed = self.get(self.peer_, Accept_Encoding="gzip, br")
        self.assertEqual(200, status)
        self.assertEqual("text/html; charset=utf-8", headers["Content-Type"])
        self.assertEqual("gzip", headers["Content-Encoding"])
        self.assertEqual("no-cache", headers["Cache-Control"])
        self.assertEqual("nosniff", headers["X-Content-Type-Options"])
        self.assertLessEqual(len(packed), PACKED_BYTES_MAX)
        html = gzip.decompress(packed).decode()
        self.assertIn('<meta name="shoal" content="peer">', html)
        self.assertEqual([], re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', html.split("<script>")[0]))
        policy = dict(one.strip().split(" ", 1) for one in headers["Content-Security-Policy"].split(";"))
        self.assertEqual("'none'", policy["default-src"])
        self.assertEqual("'self'", policy["connect-src"])
        for tag, kind in (("script", "script-src"), ("style", "style-src")):
            text = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL).group(1)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            self.assertEqual(f"'sha256-{digest}'", policy[kind])

    def test_a_client_without_gzip_gets_the_same_unpacked(self):
        packed = self.get(self.peer_, Accept_Encoding="gzip;q=0.5")[2]
        for accepted in ("identity", "gzip;q=0, *", "br"):
            status, headers, plain = self.get(self.peer_, Accept_Encoding=accepted)
            self.assertEqual((200, None), (status, headers["Content-Encoding"]), accepted)
            self.assertEqual(gzip.decompress(packed), plain)

    def test_a_browser_that_has_the_page_is_not_sent_it_again(self):
        _, headers, body = self.get(self.peer_, Accept_Encoding="gzip")
        status, head, none = self.get(self.peer_, verb="HEAD", Accept_Encoding="gzip")
        self.assertEqual((200, str(len(body)), b""), (status, head["Content-Length"], none))
        status, again, none = self.get(self.peer_, Accept_Encoding="gzip", If_None_Match=headers["ETag"])
        self.assertEqual((304, b"", headers["ETag"]), (status, none, again["ETag"]))
        plain = self.get(self.peer_, Accept_Encoding="identity")[1]
        self.assertNotEqual(headers["ETag"], plain["ETag"])
        self.assertEqual(405, self.get(self.peer_, verb="POST")[0])


class SwarmViewTest(PageTest):
    def test_the_page_shows_what_the_commands_show_while_peers_come_and_die(self):
        tracker = self.tracker()
        one, two = self.peer("one", tracker), self.peer("two", tracker)
        here = self.peer("here", tracker, "--down-limit", "1M")
        path = self.file("big.bin", 12 * MIB)
        big = one.add(path)
        two.add(path)
        one.add(self.file("folder/a.txt", 1000).parent)
        self.wait_listed(here, "big.bin", seeders=2)
        self.wait_listed(here, "folder")
        browser = self.browser(here, width=1600)

        def as_listed():
            listed = sorted((row["name"], human_bytes(row["bytes"]), f"{row['files']:,}",
                             str(row["seeders"]) + (f" + {row['leechers']}" if row["leechers"] else ""))
                            for row in here.json("list", "--versions") if row["id"])
            return listed == sorted(tuple(row[:4]) for row in browser.rows("Shares"))

        def as_present():
            names = sorted(row["name"] for row in here.json("peers"))
            return names == sorted(row[0].split("\n")[0] for row in browser.rows("Peers"))

        wait_for(as_listed, "the page lists what 'list' lists")
        wait_for(as_present, "the page shows the peers that 'peers' shows")

        third = self.peer("third", tracker)
        wait_for(as_present, "the page shows the new peer")
        third.add(self.file("late.bin", 5000))
        self.wait_listed(here, "late.bin")
        wait_for(as_listed, "the page lists the new share")
        self.assertIn("third joined", browser.value("document.querySelector('.happenings').innerText"))

        here.start("download", "big.bin")
        card = f"[data-download=\"{big['id']}\"]"
        browser.wait(f"document.querySelector('{card}[data-phase=downloading]')")
        done = f"Number(document.querySelector('{card} [data-done]').dataset.done)"
        browser.wait(f"{done} > 0")
        self.assertLessEqual(browser.value(done), here.download_row(big["id"])["done"])
        wait_for(as_listed, "the page lists the leecher")
        browser.wait(f"document.querySelector('{card} .why')?.innerText.includes('limit of this peer')")

        two.process.kill()
        browser.wait("document.querySelector('.happenings').innerText.includes('two left')")
        wait_for(as_present, "the page does not show the dead peer any more")
        browser.wait("document.querySelector('main + div ~ [aria-live]').textContent")

        here.ok("cancel", "big.bin")
        browser.wait(f"document.querySelector('{card}[data-phase=cancelled]')")
        wait_for(lambda: browser.value(done) == here.download_row(big["id"])["done"], "the page shows what has arrived")
        here.ok("limit", "--down", "0")
        here.ok("download", "big.bin")
        browser.wait(f"!document.querySelector('{card}')")
        wait_for(as_listed, "the page lists the complete download")
        total = human_bytes(here.json("status")["bytes_downloaded"])
        browser.wait(f"document.querySelector('.figure.down').innerText.includes('{total} in all')")
        self.check_quiet(browser, big)

    def test_a_name_does_not_part_a_long_list(self):
        tracker = self.tracker()
        here = self.peer("here", tracker)
        # A list is parsed some hundred rows at a time.
        for number in range(ROWS):
            member = Member(tracker.port, name=f"{number:03} " + "},{", version="},{")
            self.addCleanup(member.close)
        self.wait_peers(here, ROWS + 1)
        browser = self.browser(here)
        browser.wait(f"document.querySelector('[data-figure=peers]').innerText.includes('{ROWS + 1}')")
        self.assertEqual("000 },{", browser.rows("Peers")[0][0])
        self.assertEqual([], browser.troubles())

    def test_the_page_shows_who_sends_to_whom(self):
        tracker = self.tracker()
        source, here, taker = (self.peer(name, tracker) for name in ("source", "here", "taker"))
        comes = source.add(self.file("comes.bin", 64 * MIB))["id"]
        goes = here.add(self.file("goes.bin", 64 * MIB))["id"]
        self.wait_listed(here, "comes.bin")
        self.wait_listed(taker, "goes.bin")
        here.ok("download", comes, "--no-wait", "--down-limit", "1M")
        taker.ok("download", goes, "--no-wait", "--down-limit", "1M")
        browser = self.browser(here, width=1600)
        browser.go("#/flow")

        def rate(cell):
            found = re.fullmatch(r"([0-9.]+) (k|M)B/s", cell)
            return float(found[1]) * {"k": 1e3, "M": 1e6}[found[2]] if found else 0

        def shown():
            rows = {row[0]: (rate(row[2]), rate(row[3]), row[-1]) for row in browser.rows("Flows")}
            both = rows.keys() == {"source", "taker"} and rows["source"][0] > 3e5 and rows["taker"][1] > 3e5
            return rows if both else None
        rows = wait_for(shown, "both peers are shown with what they send and get")
        self.assertLess(rows["source"][0], 3e6)
        self.assertEqual((0, "comes.bin"), rows["source"][1:])
        self.assertLess(rows["taker"][1], 3e6)
        self.assertEqual((0, "goes.bin"), rows["taker"][::2])
        picture = browser.value("document.querySelector('.flow-picture').innerText")
        self.assertRegex(picture, r"here receives [0-9.]+ .B/s from 1 peer and sends [0-9.]+ .B/s to 1 peer\.")
        drawn = browser.value("document.querySelector('.flow-picture svg').textContent")
        self.assertTrue("source" in drawn and "taker" in drawn, drawn)
        browser.go(f"#/share/{comes}")
        browser.wait("document.querySelector('.pieces-map canvas')?.width > 0")
        browser.wait("document.querySelector('.pieces-names').innerText.includes('source')")
        wait_for(lambda: sorted((row[0].split("\n")[0], row[3] == "100 %") for row in browser.rows("Holders"))
                 == [("here", False), ("source", True)], "the holders are shown with what they have")
        self.assertEqual([], browser.troubles())

    def test_the_page_says_when_it_is_cut_off_and_comes_back(self):
        peer = self.peer("peer")
        browser = self.browser(peer)
        port = peer.port
        peer.process.kill()
        browser.wait("document.querySelector('.trouble')?.innerText.includes('This is not of now')")
        peer.process.wait()
        self.peer("peer", None, "--listen", f"127.0.0.1:{port}")
        browser.wait(f"{IS_LIVE} && !document.querySelector('.trouble')")


class ViewsTest(PageTest):
    def test_each_view_in_each_scheme_and_width_has_no_violation(self):
        tracker = self.tracker()
        one = self.peer("harbour", tracker)
        here = self.peer("lagoon", tracker, "--down-limit", "300K")
        share = one.add(self.file("voyage/log/day-1.txt", 2000).parent.parent)
        one.add(self.file("weights.bin", 24 * MIB))
        for number in range(30):
            one.add(self.file(f"shard-{number:02}.bin", 50_000 * (number + 1)))
        self.wait_listed(here, "shard-29.bin")
        here.ok("limit", "--down", "0")
        here.ok("download", "voyage")
        here.ok("limit", "--down", "300K")
        here.start("download", "weights.bin")
        weights = self.wait_listed(here, "weights.bin", local="downloading")
        for scheme, width in (("light", 1440), ("dark", 1440), ("light", 360), ("dark", 360), ("dark", 2560)):
            browser = self.browser(here, scheme=scheme, width=width)
            for name, view in (("swarm", "#/swarm"), ("arriving", f"#/share/{weights['id']}"),
                               ("share", f"#/share/{share['id']}"), ("flow", "#/flow")):
                browser.go(view)
                if name in ("share", "arriving"):
                    browser.wait("document.querySelector('[role=treegrid] .rows [role=row]')")
                browser.save(PICTURES, f"{name}-{scheme}-{width}")
                self.assertEqual([], browser.ask("axe"), f"{name} {scheme} {width}")
                self.assertLessEqual(browser.value("document.documentElement.scrollWidth"), width, f"{name} {width}")
            browser.click("text=Unlock")
            browser.wait("document.querySelector('dialog[open]')")
            self.assertEqual([], browser.ask("axe"), f"dialog {scheme} {width}")
            self.assertEqual([], browser.troubles())
            browser.close()

    def test_a_share_of_many_files_opens_and_is_walked_with_the_keyboard(self):
        here = self.peer("here")
        folder = self.directory / "many"
        folder.mkdir()
        for number in range(FILES):
            (folder / f"file-{number:05}.txt").write_bytes(b"%d" % number)
        share = here.add(folder)
        browser = self.browser(here)
        browser.go(f"#/share/{share['id']}")
        tree = "document.querySelector('[role=treegrid]')"
        browser.wait(f"{tree}?.getAttribute('aria-rowcount') === '{FILES + 1}'")
        self.assertLess(browser.value("document.querySelectorAll('[role=treegrid] [role=row]').length"), 100)
        browser.value("document.querySelector('[role=treegrid] .rows [role=row]').focus()")
        browser.press("End")
        browser.wait(f"document.activeElement.innerText.includes('file-{FILES - 1:05}.txt')")
        browser.press("ArrowUp")
        browser.wait(f"document.activeElement.innerText.includes('file-{FILES - 2:05}.txt')")
        where = browser.value("document.activeElement.querySelector('a').getAttribute('href')")
        self.assertEqual(b"%d" % (FILES - 2), self.get(here, where)[2])
        self.assertEqual([], browser.troubles())

    def test_names_are_text_and_links_lead_to_the_files(self):
        here = self.peer("here")
        nasty = "<img src=x onerror=alert(1)> 'q' \"d\" %41 ü#?&.txt"
        path = self.file(f"<b>folder & co/sub/{nasty}", 300)
        share = here.add(path.parent.parent)
        browser = self.browser(here)
        browser.go(f"#/share/{share['id']}")
        self.assertEqual("<b>folder & co", browser.value("document.querySelector('h1').innerText"))
        browser.wait("document.querySelector('[role=treegrid] .rows [role=row]')")
        browser.value("document.querySelector('[role=treegrid] .rows [role=row]').focus()")
        browser.press("ArrowRight")
        browser.wait("document.querySelectorAll('[role=treegrid] .rows [role=row]').length === 2")
        row = browser.rows("Files of <b>folder & co")[1]
        self.assertEqual([nasty, "300 B", "Save"], row)
        where = browser.value("document.querySelector('[role=treegrid] .rows a').getAttribute('href')")
        self.assertEqual(path.read_bytes(), self.get(here, where)[2])
        link = browser.value("document.querySelector('code[aria-label=magnet]').innerText")
        self.assertEqual(here.bare_link(share["id"]), link)
        self.assertIn(share["id"], browser.value("document.querySelector('code[aria-label=node]').innerText"))
        browser.press("ArrowLeft")
        browser.wait("document.querySelectorAll('[role=treegrid] .rows [role=row]').length === 1")
        self.assertEqual([], browser.troubles())


class ActionsTest(PageTest):
    def test_what_a_person_with_the_token_can_change(self):
        tracker = self.tracker()
        one, here = self.peer("one", tracker), self.peer("here", tracker)
        share = one.add(self.file("wanted.bin", 8 * MIB))
        self.wait_listed(here, "wanted.bin")
        browser = self.browser(here)

        browser.click("header >> text=Add")
        browser.fill("[name=token]", "wrong")
        browser.click("dialog [type=submit]")
        browser.wait("document.querySelector('dialog .failure').innerText.includes('token')")
        self.assertEqual(1, len(browser.troubles()), "the browser itself notes the refused request")
        browser.fill("[name=token]", here.ok("token").out.strip())
        browser.click("dialog [type=submit]")

        # What was asked for first comes next, and tells errors as the command does.
        browser.wait("document.querySelector('[name=path]')")
        missing = str(self.directory / "missing.bin")
        browser.fill("[name=path]", missing)
        browser.click("dialog [type=submit]")
        browser.wait("document.querySelector('dialog .failure').innerText")
        shown = browser.value("document.querySelector('dialog .failure').innerText")
        told = here.run("add", missing)
        self.assertNotEqual(0, told.code)
        self.assertIn(shown.split(";")[0], told.err)
        browser.troubles()
        browser.fill("[name=path]", str(self.file("mine.bin", 5000)))
        browser.click("dialog [type=submit]")
        self.wait_listed(here, "mine.bin", local="seeding")

        browser.click("header >> text=Limits")
        browser.fill("[name=down]", "100K")
        browser.click("dialog [type=submit]")
        wait_for(lambda: here.json("status")["down_limit"] == 100_000, "the limit is set")

        browser.wait("!document.querySelector('dialog')")
        browser.go(f"#/share/{share['id']}")
        browser.click("text=Download to this peer")
        here.wait_done(share["id"], 1)

        def phase_is(wanted):
            return (here.download_row(share["id"]) or {}).get("phase") == wanted

        browser.click("text=Pause")
        wait_for(lambda: phase_is("cancelled"), "it is paused")
        browser.click("text=Resume")
        wait_for(lambda: phase_is("downloading"), "it goes on")
        browser.click("main >> text=Remove")
        browser.wait("document.querySelector('dialog h2').innerText.includes('Delete')")
        browser.click("dialog [type=submit]")
        wait_for(lambda: here.download_row(share["id"]) is None, "it is removed")
        self.check_quiet(browser, share)


class TrackerPageTest(PageTest):
    def test_the_page_of_a_tracker_shows_the_swarm_as_it_changes(self):
        tracker = self.tracker("--heartbeat", "1000")
        one, two = self.peer("one", tracker), self.peer("two", tracker)
        share = one.add(self.file("data.bin", MIB))
        self.wait_listed(two, "data.bin")
        browser = self.browser(tracker, width=1600)

        def names():
            return sorted(row[0] for row in browser.rows("Peers"))
        wait_for(lambda: names() == ["one", "two"], "both peers are shown")
        wait_for(lambda: [row[:4] for row in browser.rows("Shares")] == [["data.bin", "1.05 MB", "1", "1"]],
                 "the share is shown")
        two.ok("download", share["id"])
        wait_for(lambda: [row[:4] for row in browser.rows("Shares")] == [["data.bin", "1.05 MB", "1", "2"]],
                 "both hold the share")
        self.assertEqual([], browser.ask("axe"))
        browser.go(f"#/share/{share['id']}")
        wait_for(lambda: sorted(row[0] for row in browser.rows("Holders")) == ["one", "two"], "the holders are shown")
        self.assertEqual([], browser.ask("axe"))
        two.process.kill()
        wait_for(lambda: [row[0] for row in browser.rows("Holders")] == ["one"], "the dead holder is gone")
        browser.go("#/swarm")
        wait_for(lambda: names() == ["one"], "the dead peer is gone")
        self.assertIn("two left", browser.value("document.querySelector('.happenings').innerText"))
        self.assertEqual([], browser.ask("axe"))
        self.assertEqual([], browser.troubles())
        # In a quiet swarm, too, one connection stays.
        self.assertEqual(tracker.text().count("page looks"), 1)

    def test_the_page_shows_all_peers_of_a_swarm_that_counts_them(self):
        tracker = self.tracker("--listed-peers", "2")
        peers = [self.peer(f"p{i}", tracker) for i in range(4)]
        for peer in peers:
            self.wait_peers(peer, 4)
        browser = self.browser(tracker, width=1600)
        wait_for(lambda: sorted(row[0] for row in browser.rows("Peers")) == ["p0", "p1", "p2", "p3"], "all are shown")
        hasher = Member(tracker.port, name="hasher")
        self.addCleanup(hasher.close)
        hasher.say(type="hashing", shares=[{"name": "soon.bin", "bytes": 1000, "done": 340}])
        wait_for(lambda: "hasher" in [row[0] for row in browser.rows("Peers")], "who hashes is shown")
        # All are listed from then on.
        for peer in peers[1:]:
            peer.ok("stop")
        hasher.close()
        wait_for(lambda: [row[0] for row in browser.rows("Peers")] == ["p0"], "those that left are gone")
        self.assertEqual([], browser.troubles())

    def test_the_pages_show_what_others_hash(self):
        tracker = self.tracker()
        one = self.peer("one", tracker)
        pages = [self.browser(node, width=1600) for node in (tracker, one)]
        hasher = Member(tracker.port, name="hasher")
        self.addCleanup(hasher.close)

        def shown(page):
            return page.value("[...document.querySelectorAll('.hashed .card-line')].map((line) => line.innerText)")
        for rows, expected in (([{"name": "soon.bin", "bytes": 1000, "done": 340}], "hasher hashes it, 34 %"),
                               ([{"name": "soon.bin", "bytes": 1000, "done": 870}], "hasher hashes it, 87 %"), ([], None)):
            hasher.say(type="hashing", shares=rows)
            for page in pages:
                wait_for(lambda: [line.split("\n") for line in shown(page)] ==
                         ([["soon.bin", expected]] if expected else []), f"{expected} is shown")
                self.assertEqual([], page.ask("axe"))
        # One name may stand twice, and not all are shown.
        for count, percent in ((20, 0), (16, 50)):
            hasher.say(type="hashing", shares=[{"name": f"{n // 2}.bin", "bytes": 1000, "done": 10 * percent}
                                               for n in range(count)])
            for page in pages:
                wait_for(lambda: [line.split(", ")[-1] for line in shown(page)] == [f"{percent} %"] * 6, "six are shown")
                self.assertEqual(page.value("document.querySelector('.hashed').lastChild.innerText"),
                                 f"and {count - 6} more")
                self.assertEqual([], page.troubles())

    def test_the_page_of_the_tracker_of_a_private_swarm(self):
        key = self.key("swarm.key")
        one = self.peer("one", None, "--key", key)
        certificate = ["--cert", one.state / "https.crt", "--cert-key", one.state / "https.key"]
        tracker = self.tracker("--heartbeat", "500", "--key", key, *certificate, "--token", one.state / "token")
        two = self.peer("two", tracker, "--key", key)
        share = two.add(self.file("data.bin", MIB))
        browser = Browser(self)
        browser.open(f"https://127.0.0.1:{tracker.port}/", password=one.ok("token").out.strip())
        browser.wait(IS_LIVE)
        wait_for(lambda: [row[:1] for row in browser.rows("Shares")] == [["data.bin"]], "the share is shown")
        two.ok("remove", share["id"])
        wait_for(lambda: browser.rows("Shares") == [], "the share is gone")
        self.assertEqual([], browser.troubles())


class HandMadeTracker(http.server.BaseHTTPRequestHandler):
    """Serves the page of a tracker, and says over /live what the test wants."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/live":
            key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
            self.end_headers()
            self.close_connection = True
            self.server.visit(self.connection)
            return
        body = (MODULES / "tracker.html").read_bytes() if self.path == "/" else b"nothing"
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class TrackerMessagesTest(unittest.TestCase):
    """The messages are those of directory/tracking, by hand: short ones, packed ones, and one that is missing."""

    PEERS = [{"peer": f"{n:040x}", "name": f"machine-{n}", "address": "192.0.2.1", "port": 7000 + n,
              "version": "0.1.0", "reachable": n != 1} for n in range(3)]
    SHARES = [{"id": f"{n:064x}", "name": f"data-{n}.bin", "bytes": 1000, "files": 1, "seeders": 1, "leechers": 1,
               "held": 1500} for n in range(40)]

    def visit(self, connection):
        self.visits += 1
        snapshot = {"type": "snapshot", "seq": 7, "peers": self.PEERS, "shares": self.SHARES}
        connection.settimeout(60)
        try:
            while not self.ended:
                said = read_message(connection)
                self.heard.append(said)
                if said["type"] == "look" and not self.told:
                    self.told = True
                    connection.sendall(text(type="welcome", address="127.0.0.1", reachable=False, heartbeat_ms=500))
                    connection.sendall(frame(2, zlib.compress(json.dumps(snapshot).encode())))
                    connection.sendall(text(type="delta", seq=8, left=[self.PEERS[2]["peer"]], progress=[
                        {"id": self.SHARES[0]["id"], "seeders": 2, "leechers": 0, "held": 2000}]))
                    # The ninth is lost.
                    connection.sendall(text(type="delta", seq=10, withdrawn=[self.SHARES[39]["id"]]))
                elif said["type"] == "look":
                    connection.sendall(text(type="welcome", address="127.0.0.1", reachable=False, heartbeat_ms=500))
                elif said["type"] == "resync":
                    connection.sendall(text(**{**snapshot, "seq": 10, "shares": self.SHARES[:39]}))
                elif said["type"] == "watch":
                    connection.sendall(text(type="swarm", id=said["id"], joined=[
                        {"peer": self.PEERS[0]["peer"], "address": "192.0.2.1", "port": 7000, "seeder": True}]))
        except (OSError, ConnectionError):
            pass

    def test_the_page_of_a_tracker_shows_what_the_tracker_tells(self):
        browser = Browser(self)
        self.heard, self.told, self.ended, self.visits = [], False, False, 0
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), HandMadeTracker)
        server.daemon_threads = True
        server.visit = self.visit
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        browser.open(f"http://127.0.0.1:{server.server_port}/", width=1600)
        browser.wait(f"{IS_LIVE} && document.querySelector('[data-figure=shares]').innerText.includes('39')")
        wait_for(lambda: len(browser.rows("Peers")) == 3, "the second snapshot has all peers again")
        self.assertEqual(["data-0.bin", "1.00 kB", "1", "1 + 1", "1.5 ×"], browser.rows("Shares")[0][:5])
        self.assertIn("machine-2 left", browser.value("document.querySelector('.happenings').innerText"))
        wait_for(lambda: sum(one["type"] == "look" for one in self.heard) > 2, "the page says that it still looks")
        browser.go(f"#/share/{self.SHARES[3]['id']}")
        wait_for(lambda: browser.rows("Holders"), "the holders of the share are shown")
        self.assertEqual([["machine-0", "192.0.2.1:7000", "all of it"]], browser.rows("Holders"))
        self.assertEqual([], browser.ask("axe"))
        browser.go("#/flow")
        browser.wait("document.querySelector('main').innerText.includes('A tracker does not see who sends to whom')")
        self.assertEqual([], browser.ask("axe"))
        self.assertEqual(1, self.visits)
        self.assertEqual({"look", "resync", "watch", "unwatch"}, {one["type"] for one in self.heard})
        self.assertEqual([], browser.troubles())
        self.ended = True


if __name__ == "__main__":
    unittest.main()
