"""A name whose publisher changed what is behind it."""
import json
import os

from harness import PATIENCE, SwarmTest, digest, go_on, stop, wait_for


class VersionsTest(SwarmTest):
    def two_versions(self):
        """A tracker, the publisher of two versions of "m", who holds the new one, a peer that holds the old one, and
        the rows of both."""
        tracker = self.tracker()
        publisher, holder = self.peer("publisher", tracker), self.peer("holder", tracker)
        path = self.file("data/m", 1_000_000)
        old = publisher.add(path)
        holder.ok("download", "m")
        path.write_bytes(path.read_bytes() + b"new")
        new = publisher.add(path)
        wait_for(lambda: len(holder.json("list", "--versions")) == 2, "both versions are listed")
        return tracker, publisher, holder, old, new

    def test_a_name_means_the_newest(self):
        tracker, publisher, holder, old, new = self.two_versions()
        fresh = self.peer("fresh", tracker)
        wait_for(lambda: len(fresh.json("list", "--versions")) == 2, "both versions are listed")
        rows = fresh.json("list")
        self.assertEqual([row["id"] for row in rows], [new["id"]])
        self.assertGreater(rows[0]["published"], 1_700_000_000)
        row = fresh.json("download", "m")[0]
        self.assertEqual(row["id"], new["id"])
        self.assertEqual((fresh.dir / "m").read_bytes()[-3:], b"new")
        other = self.directory / "other"
        other.mkdir()
        fresh.ok("download", old["id"][:12], "--dir", str(other))
        self.assertEqual((other / "m").stat().st_size, 1_000_000)

    def test_who_holds_the_old_one_is_not_told_that_it_is_complete(self):
        tracker, publisher, holder, old, new = self.two_versions()
        before = digest(holder.dir / "m")
        refused = holder.run("download", "m")
        self.assertEqual(refused.code, 7, refused.err)
        self.assertIn("older version", refused.err)
        self.assertIn("--dir", refused.err)
        self.assertEqual(digest(holder.dir / "m"), before)
        # The same after a start, though the old version is found sooner than the tracker.
        holder.terminate()
        holder = self.peer("holder", tracker)
        again = holder.run("download", "m")
        self.assertEqual(again.code, 7, again.err)
        self.assertEqual(digest(holder.dir / "m"), before)
        other = self.directory / "other"
        other.mkdir()
        holder.ok("download", "m", "--dir", str(other))
        self.assertEqual((other / "m").read_bytes()[-3:], b"new")

    def test_a_publisher_can_go_back(self):
        tracker, publisher, holder, old, new = self.two_versions()
        third = self.peer("third", tracker)
        third.ok("download", "m")
        path = self.directory / "data/m"
        path.write_bytes(path.read_bytes()[:-3])
        self.assertEqual(publisher.add(path)["id"], old["id"])
        wait_for(lambda: [row["id"] for row in third.json("list")] == [old["id"]], "the old version is the newest")

    def test_versions_outlive_tracker_and_publisher(self):
        tracker, publisher, holder, old, new = self.two_versions()
        third = self.peer("third", tracker)
        third.ok("download", "m")
        publisher.terminate()
        for peer in (holder, third):
            peer.terminate()
        tracker.terminate()
        tracker = self.tracker()
        holder, third = self.peer("holder", tracker), self.peer("third", tracker)
        wait_for(lambda: len(holder.json("list", "--versions")) == 2, "both versions are listed")
        self.assertEqual([row["id"] for row in holder.json("list")], [new["id"]])

    def test_two_publishers_of_one_name_are_asked_about(self):
        tracker = self.tracker()
        for name in ("one", "two"):
            self.peer(name, tracker).add(self.file(f"{name}/m", 100_000, seed=len(name) + ord(name[0])))
        fresh = self.peer("fresh", tracker)
        wait_for(lambda: len(fresh.json("list")) == 2, "both are listed")
        refused = fresh.run("download", "m")
        self.assertEqual(refused.code, 2, refused.err)
        self.assertIn("published", refused.err)

    def test_of_a_new_version_only_what_was_touched_is_hashed(self):
        a, b = self.peer("a"), self.peer("b")
        for number in range(5):
            self.file(f"data/folder/{number}", 300_000, seed=number)
        folder = self.directory / "data" / "folder"
        first = a.add(folder)
        self.assertEqual((first["files_hashed"], first["files_known"]), (5, 0))
        self.file("data/folder/3", 400_000, seed=9)
        self.file("data/folder/new", 1000)
        os.rename(folder / "0", folder / "moved")
        second = a.add(folder)
        # To be renamed is to be touched.
        self.assertEqual((second["state"], second["files_hashed"], second["files_known"]), ("changed", 3, 3))
        self.assertEqual(b.add(folder)["id"], second["id"])
        self.file("data/folder/1", 300_000, seed=8)
        self.assertIn("6 files (1 hashed, 5 known)", a.ok("add", folder).out)
        # What somebody touched and put the times of back is hashed, too.
        before = (folder / "1").stat()
        self.file("data/folder/1", 300_000, seed=7)
        os.utime(folder / "1", ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(a.add(folder)["id"], b.add(folder)["id"])
        # To be touched is no new version.
        listed = a.json("status")["shares"][0]["id"]
        os.chmod(folder / "2", 0o600)
        again = a.add(folder)
        self.assertEqual((again["state"], again["id"]), ("unchanged", listed))

    def test_a_download_of_what_nobody_has_any_more_says_so(self):
        tracker = self.tracker()
        publisher, other = self.peer("publisher", tracker, "--up-limit", "1M"), self.peer("other", tracker)
        path = self.file("data/m", 8_000_000)
        old = publisher.add(path)["id"]
        self.wait_listed(other, "m")
        other.ok("download", "m", "--no-wait")
        other.wait_done(old, 1)
        self.file("data/m", 8_000_000, seed=1)
        publisher.add(path)
        reason = "nobody has this version any more: 'm' means a newer version now"
        wait_for(lambda: other.download_row(old)["reason"] == reason, "the reason is told")

    def test_a_download_by_name_goes_over_to_the_newer_version(self):
        tracker = self.tracker()
        publisher, other = self.peer("publisher", tracker, "--up-limit", "1M"), self.peer("other", tracker)
        path = self.file("data/m", 4_000_000)
        new = publisher.add(path)["id"]
        waiting = other.start("download", "m", "--json")
        for version in (b"second", b"third"):
            other.wait_done(new, 1)
            with open(path, "r+b") as changed:
                changed.write(version)
            new = publisher.add(path)["id"]
        out, err = waiting.communicate(timeout=PATIENCE * 4)
        self.assertEqual(waiting.returncode, 0, err)
        row, = json.loads(out)
        self.assertEqual((row["id"], row["phase"]), (new, "complete"))
        self.assertIn("its publisher changed it meanwhile: this is the newer version", row["notes"])
        # What came of the older versions did not come again, and nothing of them is left.
        self.assertGreater(row["bytes_reused"], 0)
        self.assertEqual(digest(other.dir / "m"), digest(path))
        self.assertEqual([one["id"] for one in other.json("status")["downloads"]], [new])
        self.assertFalse((other.dir / ".shoal").exists())

    def test_a_rate_is_of_what_came_from_peers(self):
        _, _, holder, _, _ = self.two_versions()
        done = holder.ok("download", "m", "--update").out
        self.assertRegex(done, r"complete: m, .* from 1 source, 9\d\d kB of it was on this disk")

    def test_verify_of_what_changed_says_once_what_helps(self):
        peer = self.peer("peer")
        path = self.file("data/m", 1000)
        peer.add(path)
        path.write_bytes(b"other")
        refused = peer.run("verify", "m")
        self.assertEqual(refused.code, 7)
        self.assertRegex(refused.err, r"changed on disk: download it again \(--repair\), or add it anew\n$")

    def test_a_peer_without_a_tracker_says_so_where_it_matters(self):
        peer = self.peer("peer")
        text = "this peer has no tracker and knows only its own shares; start the peer with --tracker HOST:PORT"
        for words in (["list"], ["peers"], ["download", "m"]):
            self.assertIn(text, peer.run(*words).err)

    def test_add_is_done_when_others_can_find_the_share(self):
        tracker = self.tracker()
        publisher = self.peer("publisher", tracker)
        path = self.file("data/m", 1000)
        self.wait_peers(publisher, 1)
        stop(tracker)
        adding = publisher.start("add", path)
        wait_for(lambda: "share is offered" in publisher.text(), "the share is offered")
        publisher.json("status")
        self.assertIsNone(adding.poll())
        go_on(tracker)
        out, err = adding.communicate(timeout=PATIENCE)
        self.assertEqual(adding.returncode, 0, out + err)

    def test_a_symlink_that_leads_elsewhere_is_a_new_version(self):
        tracker = self.tracker()
        publisher, other = self.peer("publisher", tracker), self.peer("other", tracker)
        for name in ("one", "two"):
            self.file(f"data/folder/{name}", 100_000)
        link = self.directory / "data/folder/link"
        link.symlink_to("one")
        first = publisher.add(link.parent, "--symlinks")
        link.unlink()
        link.symlink_to("two")
        second = publisher.add(link.parent, "--symlinks")
        self.assertEqual(second["state"], "changed")
        self.assertEqual(second["files_known"], 2)
        self.wait_listed(other, "folder", id=second["id"])
        other.ok("download", "folder", "--symlinks")
        self.assertEqual(os.readlink(other.dir / "folder/link"), "two")
        self.assertNotEqual(first["id"], second["id"])

    def test_add_publishes_a_mode_that_the_peer_saw_change(self):
        tracker = self.tracker()
        publisher, other = self.peer("publisher", tracker), self.peer("other", tracker)
        path = self.file("data/m", 100_000)
        os.chmod(path, 0o600)
        share = publisher.add(path)["id"]
        os.chmod(path, 0o640)
        # From now on the file looks as the record says.
        wait_for(lambda: "touched files are read again" in publisher.text(), "the file is read again")
        again = publisher.add(path)
        self.assertEqual((again["state"], again["id"]), ("unchanged", share))
        self.wait_listed(other, "m")
        other.ok("download", "m", "--keep-mode")
        self.assertEqual((other.dir / "m").stat().st_mode & 0o777, 0o640)
