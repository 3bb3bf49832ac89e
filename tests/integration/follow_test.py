"""Content that changes while it is shared: noticed, and shared anew where that is wanted."""
import ctypes
import os
import shutil
import struct
import time

from harness import SwarmTest, digest, rot, wait_for


class Opens:
    """How often a folder itself was opened, as who looks at it does."""
    IN_OPEN = 0x20  # <sys/inotify.h>
    HEADER = struct.Struct("iIII")

    def __init__(self, owner, folder):
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        owner.addCleanup(os.close, self._descriptor)
        owner.assertGreaterEqual(libc.inotify_add_watch(self._descriptor, os.fsencode(folder), self.IN_OPEN), 0)
        self._count = 0

    def count(self):
        try:
            events = os.read(self._descriptor, 1 << 16)
        except BlockingIOError:
            return self._count
        while events:
            name_bytes = self.HEADER.unpack_from(events)[3]
            self._count += name_bytes == 0
            events = events[self.HEADER.size + name_bytes:]
        return self._count


class Followed(SwarmTest):
    def listed(self, peer):
        return {row["name"]: row["id"] for row in peer.json("list")}


class FollowTest(Followed):
    def test_a_change_is_noticed_without_being_asked(self):
        tracker = self.tracker()
        publisher, other = self.peer("publisher", tracker), self.peer("other", tracker)
        path = self.file("data/m", 1_000_000)
        publisher.add(path)
        wait_for(lambda: self.listed(other), "it is listed")
        with path.open("ab") as file:
            file.write(b"x")
        wait_for(lambda: not self.listed(other), "it is withdrawn")
        share = publisher.json("status")["shares"][0]
        self.assertFalse(share["there"])
        self.assertIn("changed", share["reason"])

    def test_what_changes_all_the_time_is_not_looked_at_all_the_time(self):
        publisher = self.peer("publisher")
        self.file("data/folder/a", 1000)
        folder = self.directory / "data/folder"
        publisher.add(folder)
        with open(folder / "noise", "wb", buffering=0) as noise:
            opens = Opens(self, folder)
            begun = time.monotonic()

            def looked_at_ten_times():
                for _ in range(100):
                    noise.write(b"x")
                return opens.count() >= 10
            wait_for(looked_at_ten_times, "it is looked at", every=0)
        self.assertGreater(time.monotonic() - begun, 0.5)
        self.assertTrue(publisher.json("status")["shares"][0]["there"])

    def test_a_followed_file_is_shared_anew(self):
        tracker = self.tracker()
        publisher, other = self.peer("publisher", tracker), self.peer("other", tracker)
        path = self.file("data/m", 1_000_000)
        old = publisher.add(path, "--follow")
        wait_for(lambda: self.listed(other), "it is listed")
        # As editors do: a new file takes the place of the old one.
        new = self.file("data/new", 900_000, seed=7)
        os.replace(new, path)
        wait_for(lambda: self.listed(other).get("m", old["id"]) != old["id"], "the new version is listed")
        other.ok("download", "m")
        self.assertEqual(digest(other.dir / "m"), digest(path))

    def test_what_changed_while_the_peer_was_down_is_shared_anew_at_its_start(self):
        tracker = self.tracker()
        publisher, other = self.peer("publisher", tracker), self.peer("other", tracker)
        file, folder = self.file("data/m", 1_000_000), self.file("data/folder/a", 100_000).parent
        old = {publisher.add(path, "--follow")["name"]: path for path in (file, folder)}
        wait_for(lambda: set(self.listed(other)) == set(old), "both are listed")
        ids = self.listed(other)
        publisher.terminate()
        self.file("data/m", 1_100_000, seed=1)
        # What a folder gained since is no fault of what is shared of it.
        self.file("data/folder/b", 100_000)
        publisher = self.peer("publisher", tracker)
        begun = time.monotonic()
        reasons = set()

        def both_are_new():
            reasons.update(row.get("reason", "") for row in publisher.json("status")["shares"] if not row["there"])
            now = self.listed(other)
            return set(now) == set(ids) and all(now[name] != ids[name] for name in ids)
        wait_for(both_are_new, "the new versions are listed")
        # A look five seconds later and two of quiet were too late.
        self.assertLess(time.monotonic() - begun, 6.5)
        self.assertFalse([text for text in reasons if "add it anew" in text])
        other.ok("download", "m")
        self.assertEqual(digest(other.dir / "m"), digest(file))

    def test_a_symlink_that_leads_elsewhere_is_a_new_version(self):
        tracker = self.tracker()
        publisher, other = self.peer("publisher", tracker), self.peer("other", tracker)
        for name in ("one", "two"):
            self.file(f"data/folder/{name}", 1000)
        link = self.directory / "data/folder/link"
        link.symlink_to("one")
        # Under another name than its own.
        self.file("data/v3", 1000)
        (self.directory / "data/current").symlink_to("v3")
        current = publisher.add(self.directory / "data/current", "--follow")["id"]
        first = publisher.add(link.parent, "--symlinks", "--follow")["id"]
        self.wait_listed(other, "folder", id=first)
        link.unlink()
        link.symlink_to("two")
        wait_for(lambda: self.listed(other).get("folder", first) != first, "the new version is listed")
        self.assertEqual(self.listed(other)["current"], current)
        other.ok("download", "folder", "--symlinks")
        self.assertEqual(os.readlink(other.dir / "folder/link"), "two")

    def test_a_followed_folder_is_shared_anew_by_a_later_run_too(self):
        tracker = self.tracker()
        other = self.peer("other", tracker)
        folder = self.directory / "data" / "folder"
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "a").write_text("one")
        publisher = self.peer("publisher", tracker, "--share", str(folder), "--follow")
        wait_for(lambda: self.listed(other), "it is listed")
        first = self.listed(other)["folder"]
        (folder / "deep" / "b").write_text("two")
        wait_for(lambda: self.listed(other).get("folder", first) != first, "the second version is listed")
        second = self.listed(other)["folder"]
        publisher.terminate()
        shutil.rmtree(folder / "deep")
        (folder / "c").write_text("three")
        publisher = self.peer("publisher", tracker)
        wait_for(lambda: self.listed(other).get("folder", second) not in (first, second), "the third version is listed")
        other.ok("download", "folder")
        self.assertEqual([entry.name for entry in (other.dir / "folder").iterdir()], ["c"])
        publisher.ok("add", str(folder), "--no-follow")
        (folder / "d").write_text("four")
        publisher.ok("remove", "folder")
        wait_for(lambda: publisher.json("status")["shares"] == [], "nothing is shared any more")

    def test_what_is_removed_while_its_new_version_is_hashed_stays_removed(self):
        tracker = self.tracker()
        publisher, other = self.peer("publisher", tracker, "--workers", "1"), self.peer("other", tracker)
        folder = self.directory / "data" / "folder"
        self.file("data/folder/0", 8 << 20)
        publisher.add(folder, "--follow")
        self.wait_listed(other, "folder")
        # Takes long to hash, and little space.
        for number in range(1, 400):
            os.link(folder / "0", folder / str(number))
        wait_for(lambda: publisher.json("status")["hashing"], "the new version is hashed")
        publisher.ok("remove", "folder")
        wait_for(lambda: not publisher.json("status")["hashing"], "hashing ends")
        self.assertEqual(publisher.json("status")["shares"], [])
        wait_for(lambda: self.listed(other) == {}, "nothing is listed")
        publisher.terminate()
        self.assertEqual(self.peer("publisher", tracker).json("status")["shares"], [])


class RotTest(Followed):
    in_memory = True

    def test_what_rotted_is_no_new_version(self):
        tracker = self.tracker()
        publisher, other = self.peer("publisher", tracker), self.peer("other", tracker)
        path, beside = self.file("data/m", 1_000_000), self.file("data/n", 500_000)
        rotten, old = [publisher.add(one, "--follow")["id"] for one in (path, beside)]
        self.wait_listed(other, "m")
        rot(path, 400_000)
        self.assertNotEqual(publisher.run("verify", "m").code, 0)
        # Both are looked at at once, so when one of them is shared anew the other was not.
        for number in range(2):
            beside.unlink()
            wait_for(lambda: not any(row["there"] for row in publisher.json("status")["shares"]), "both are gone")
            if number == 1:
                publisher.terminate()
            self.file("data/n", 500_001 + number)
            if number == 1:
                publisher = self.peer("publisher", tracker)
            wait_for(lambda old=old: self.listed(other).get("n", old) != old, "a new version is listed")
            old = self.listed(other)["n"]
            self.assertNotIn("m", self.listed(other))
            row, = (row for row in publisher.json("status")["shares"] if row["name"] == "m")
            self.assertEqual((row["id"], row["there"]), (rotten, False))
            self.assertIn("damaged", row["reason"])
        # Edited, it is one.
        with path.open("ab") as file:
            file.write(b"x")
        wait_for(lambda: self.listed(other).get("m", rotten) != rotten, "what was edited is listed")

    def test_what_is_fetched_again_is_still_followed(self):
        tracker = self.tracker()
        seeder, publisher = self.peer("seeder", tracker), self.peer("publisher", tracker)
        path = self.file("data/m", 1_000_000)
        share = seeder.add(path)["id"]
        self.wait_listed(publisher, "m")
        publisher.ok("download", "m")
        copy = publisher.dir / "m"
        publisher.add(copy, "--follow")

        def rotten():
            rot(copy, 400_000)
            self.assertNotEqual(publisher.run("verify", "m").code, 0)
        # Fetched in part, and found as it shall be.
        for whole in (False, True):
            rotten()
            if whole:
                rot(copy, 400_000)
            row = publisher.json("download", share)[0]
            self.assertEqual(row["already_there"], whole)
            publisher.terminate()
            publisher = self.peer("publisher", tracker)
        with copy.open("ab") as file:
            file.write(b"x")
        wait_for(lambda: self.listed(seeder)["m"] != share, "the new version is listed")
