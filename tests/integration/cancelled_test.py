"""Downloads that do not run: listed, gone on with, removed."""
import json
import os
import shutil
import socket

from harness import PATIENCE, SwarmTest, digest, wait_for
from proxy import Proxy


class CancelledTest(SwarmTest):
    def begun(self, name="m", size=8 << 20):
        """A leecher with a slow download that has begun, the id of its share, the seeder, and the proxy between them."""
        seeder, leecher = self.peer("seeder"), self.peer("leecher")
        share = seeder.add(self.file(f"data/{name}", size))["id"]
        self.link = seeder.bare_link(name)
        proxy = Proxy(self, seeder.port, rate=2 << 20)
        leecher.ok("download", self.link, "--peer", proxy.address, "--no-wait")
        leecher.wait_done(share, 1 << 20)
        return leecher, share, seeder, proxy

    def ask(self, peer, method):
        """Asks for "m" over the control socket; the lines of the answer."""
        control = socket.socket(socket.AF_UNIX)
        self.addCleanup(control.close)
        control.settimeout(PATIENCE)
        control.connect(str(peer.state / "control.sock"))
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"what": "m"}}
        control.sendall(json.dumps(request).encode() + b"\n")
        answers = control.makefile()
        self.addCleanup(answers.close)
        return answers

    def row(self, peer, share):
        return next((row for row in peer.json("status")["downloads"] if row["id"] == share), None)

    def test_a_cancelled_download_is_listed_and_goes_on_by_its_name(self):
        leecher, share, seeder, proxy = self.begun()
        leecher.ok("cancel", "m")
        for _ in range(2):
            row = self.row(leecher, share)
            self.assertEqual((row["phase"], row["bytes"]), ("cancelled", 8 << 20))
            self.assertGreaterEqual(row["done"], 1 << 20)
            self.assertIn("cancelled", leecher.ok("status").out)
            leecher.terminate()
            leecher = self.peer("leecher")
        proxy.rate = None
        row = leecher.json("download", "m")[0]
        self.assertEqual(digest(leecher.dir / "m"), digest(self.directory / "data/m"))
        self.assertLessEqual(sum(source["bytes"] for source in row["sources"]), 7 << 20)
        self.assertEqual(leecher.json("status")["downloads"][0]["phase"], "complete")

    def test_a_peer_that_the_user_named_is_connected_each_time_it_goes_on(self):
        leecher, share, _, proxy = self.begun()
        for _ in range(2):
            leecher.ok("cancel", "m")
            done = self.row(leecher, share)["done"]
            leecher.ok("download", "m", "--no-wait")
            leecher.wait_done(share, done + 1)
        proxy.rate = None
        leecher.ok("download", "m")

    def test_a_row_of_a_cancelled_download_has_all_that_rows_have(self):
        leecher, share, _, _ = self.begun()
        running = self.row(leecher, share)
        leecher.ok("cancel", "m")
        self.assertEqual(set(self.row(leecher, share)), set(running))

    def resting_without_its_folder(self):
        """A download that waits, holds no descriptor and has lost the folder of what is unfinished."""
        leecher, share, seeder, _ = self.begun()
        seeder.kill()
        descriptors = f"/proc/{leecher.process.pid}/fd"

        def rests():
            links = []
            for number in os.listdir(descriptors):
                try:
                    links.append(os.readlink(f"{descriptors}/{number}"))
                except FileNotFoundError:
                    pass
            return not any(f"{link}/".startswith(f"{leecher.dir}/") for link in links)
        wait_for(rests, "the download rests")
        shutil.rmtree(leecher.dir / ".shoal")
        return leecher, share

    def test_a_download_that_rests_is_removed_though_its_folder_is_gone(self):
        leecher, share = self.resting_without_its_folder()
        leecher.ok("remove", "m")
        self.assertIsNone(self.row(leecher, share))
        self.assertEqual(list(leecher.dir.iterdir()), [])
        leecher.terminate()
        self.assertEqual(self.peer("leecher").json("status")["downloads"], [])

    def test_a_download_that_rests_is_cancelled_and_begun_anew_though_its_folder_is_gone(self):
        leecher, share = self.resting_without_its_folder()
        leecher.ok("cancel", "m")
        self.assertEqual(self.row(leecher, share)["phase"], "cancelled")
        again = self.peer("again")
        again.add(self.directory / "data/m")
        leecher.ok("download", "m", "--peer", f"127.0.0.1:{again.port}")
        self.assertEqual(digest(leecher.dir / "m"), digest(self.directory / "data/m"))
        self.assertEqual([entry.name for entry in leecher.dir.iterdir()], ["m"])

    def remove_cancelled(self, again):
        leecher, share, _, _ = self.begun()
        leecher.ok("cancel", share[:12])
        if again:
            leecher.terminate()
            leecher = self.peer("leecher")
        self.assertTrue(leecher.unfinished().exists())
        leecher.ok("remove", "m")
        self.assertEqual(list(leecher.dir.iterdir()), [])
        self.assertIsNone(self.row(leecher, share))
        refused = leecher.run("remove", "m")
        self.assertEqual(refused.code, 3, refused.err)

    def test_a_cancelled_download_is_removed_with_its_partial(self):
        self.remove_cancelled(again=False)

    def test_a_cancelled_download_is_removed_with_its_partial_by_a_later_run(self):
        self.remove_cancelled(again=True)

    def test_who_waits_is_told_whether_it_was_cancelled_or_removed(self):
        leecher, _, _, _ = self.begun()
        for method, told in (("cancel", "cancelled: what it has is kept"), ("remove", "was removed")):
            with self.subTest(method=method):
                answers = self.ask(leecher, "download")
                # From its first notice on it waits.
                self.assertIn("method", json.loads(answers.readline()))
                leecher.ok(method, "m")
                failure = next(one for one in map(json.loads, answers) if "method" not in one)["error"]
                self.assertEqual(failure["code"], 130)
                self.assertIn(told, failure["message"])

    def test_what_took_the_place_of_the_partial_stays(self):
        leecher, share, _, _ = self.begun()
        leecher.ok("cancel", "m")
        partial = leecher.unfinished()
        partial.rename(leecher.dir / "mine")
        partial.write_text("somebody's")
        leecher.ok("remove", "m")
        self.assertEqual(partial.read_text(), "somebody's")

    def test_a_failed_download_goes_on_where_it_was_and_is_removed(self):
        leecher, share, _, proxy = self.begun()
        leecher.ok("cancel", "m")
        in_the_way = leecher.dir / "m"
        in_the_way.write_text("in the way")
        self.assertEqual(leecher.run("download", "m").code, 7)
        self.assertEqual(self.row(leecher, share)["phase"], "failed")
        self.assertTrue(leecher.unfinished())
        leecher.ok("remove", "m")
        self.assertEqual([entry.name for entry in leecher.dir.iterdir()], ["m"])
        self.assertEqual(in_the_way.read_text(), "in the way")

    def test_what_is_kept_is_not_lost_to_another_directory(self):
        leecher, share, _, proxy = self.begun()
        leecher.ok("cancel", "m")
        other = self.directory / "other"
        other.mkdir()
        refused = leecher.run("download", "m", "--dir", str(other))
        self.assertEqual(refused.code, 7)
        self.assertIn(f"'m' has begun in {leecher.dir}", refused.err)
        self.assertTrue(leecher.unfinished().exists())
        self.assertGreaterEqual(self.row(leecher, share)["done"], 1 << 20)
        proxy.rate = None
        row = leecher.json("download", "m")[0]
        self.assertLessEqual(sum(source["bytes"] for source in row["sources"]), 7 << 20)
        self.assertEqual(digest(leecher.dir / "m"), digest(self.directory / "data/m"))
        self.assertEqual(list(other.iterdir()), [])

    def test_what_somebody_deleted_holds_nobody_up(self):
        leecher, share, _, proxy = self.begun()
        leecher.ok("cancel", "m")
        leecher.unfinished().unlink()
        proxy.rate = None
        other = self.directory / "other"
        other.mkdir()
        leecher.ok("download", "m", "--dir", str(other))
        self.assertEqual(digest(other / "m"), digest(self.directory / "data/m"))

    def test_a_setting_of_the_directory_moves_nothing(self):
        leecher, share, _, proxy = self.begun()
        setting = {**os.environ, "SHOAL_DIR": str(self.directory / "elsewhere")}
        self.assertEqual(leecher.run("download", "m", "--no-wait", env=setting).code, 0)
        leecher.ok("cancel", "m")
        proxy.rate = None
        for _ in range(2):
            done = leecher.run("download", "m", env=setting)
            self.assertEqual((done.code, (leecher.dir / "m").exists()), (0, True), done.err)
        self.assertFalse((self.directory / "elsewhere").exists())

    def test_it_goes_on_in_its_own_directory(self):
        leecher, share, seeder, proxy = self.begun()
        leecher.ok("remove", "m")
        other = self.directory / "other"
        other.mkdir()
        leecher.ok("download", self.link, "--peer", proxy.address, "--no-wait", "--dir", str(other))
        leecher.wait_done(share, 1 << 20)
        leecher.ok("cancel", "m")
        leecher.terminate()
        leecher = self.peer("leecher")
        proxy.rate = None
        leecher.ok("download", "m")
        self.assertEqual(digest(other / "m"), digest(self.directory / "data/m"))

    def test_whatever_the_phase_what_a_command_says_is_so(self):
        seeder = self.peer("seeder")
        share = seeder.add(self.file("data/m", 30_000_000))["id"]
        torrent = self.directory / "m.torrent"
        seeder.ok("torrent", "m", "-o", str(torrent))
        for number, command in enumerate(["cancel", "remove"] * 5):
            with self.subTest(number=number, command=command):
                leecher = self.peer(f"leecher{number}")
                leecher.ok("download", str(torrent), "--peer", f"127.0.0.1:{seeder.port}", "--no-wait")
                # Later each time, so that each phase is met.
                leecher.wait_done(share, number * 3_300_000)
                outcome = leecher.run(command, "m")
                status = leecher.json("status")
                phases = [row["phase"] for row in status["downloads"]]
                if command == "cancel" and outcome.code == 0:
                    self.assertEqual((phases, status["shares"]), (["cancelled"], []))
                    self.assertFalse((leecher.dir / "m").exists())
                elif command == "cancel":
                    self.assertEqual(phases, ["complete"])
                    self.assertEqual(digest(leecher.dir / "m"), digest(self.directory / "data/m"))
                else:
                    self.assertEqual((outcome.code, phases, status["shares"]), (0, [], []), outcome.err)
                    self.assertFalse((leecher.dir / ".shoal").exists())
                leecher.terminate()
