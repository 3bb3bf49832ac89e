"""Content that changes while it is shared: noticed, and shared anew where that is wanted."""
import os
import shutil
import time

from harness import SwarmTest, digest, wait_for


class FollowTest(SwarmTest):
    def listed(self, peer):
        return {row["name"]: row["id"] for row in peer.json("list")}

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
