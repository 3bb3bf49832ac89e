"""`download --update` puts a new version in the place of an older one, and keeps what the user has there."""
import os
import random
import shutil
import socket

from harness import SwarmTest, digest, tree, wait_for

MIB = 1024 * 1024


def fill(path, size, seed=0):
    """A file in which no two blocks are the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(random.Random(f"{path.name} {seed}").randbytes(size))
    return path


def change(path, at, size=16 * 1024):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(random.Random(at).randbytes(size))


class UpdateTest(SwarmTest):
    def setUp(self):
        super().setUp()
        self.swarm = self.tracker()
        self.publisher = self.peer("publisher", self.swarm)
        self.source = self.directory / "data" / "model"

    def first_version(self):
        """A folder, published, and a peer that has it."""
        for i in range(40):
            fill(self.source / f"part{i}", 100_000 + i)
        fill(self.source / "deep" / "er" / "old", 70_000)
        fill(self.source / "big", 24 * MIB)
        (self.source / "empty").touch()
        self.publisher.add(self.source)
        holder = self.peer("holder", self.swarm)
        holder.ok("download", "model")
        return holder

    def second_version(self, *peers):
        """One file changes, the big one a little, one is new, one gone and one has another name."""
        fill(self.source / "part3", 90_000, "new")
        change(self.source / "big", 5 * MIB)
        fill(self.source / "fresh", 80_000)
        shutil.rmtree(self.source / "deep")
        (self.source / "part5").rename(self.source / "moved5")
        row = self.publisher.add(self.source)
        for peer in peers:
            self.wait_newest(peer, row["id"])
        return row

    def wait_newest(self, peer, share_id):
        wait_for(lambda: [row["id"] for row in peer.json("list")] == [share_id], "the new version is listed")

    def check_is(self, place, *kept):
        """The place holds the published content and these entries, and nothing of an unfinished download is beside."""
        found = tree(place)
        wanted = tree(self.source) | {name: found.get(name) for name in kept}
        self.maxDiff = None
        self.assertEqual(found, wanted)
        self.assertNotIn(None, wanted.values())
        self.assertFalse((place.parent / ".shoal").exists())

    def check_is_whole(self, place):
        self.assertEqual(tree(place), tree(self.source))

    def update(self, peer, *options):
        row = peer.json("download", "model", "--update", *options)[0]
        self.assertEqual(row["phase"], "complete", row)
        return row

    def test_what_changed_is_fetched_and_what_is_the_users_stays(self):
        holder = self.first_version()
        place = holder.dir / "model"
        (place / "notes.txt").write_text("mine")
        fill(place / "own" / "deep" / "x", 1000)
        fill(place / "deep" / "own", 1000)
        (place / "own" / "nothing").mkdir()
        os.symlink("/nowhere", place / "link")
        unchanged = os.stat(place / "part7").st_ino
        self.second_version(holder)
        row = self.update(holder)
        piece = 64 * 1024
        changed = 2 * piece + piece + 2 * piece
        self.assertLessEqual(row["bytes_fetched"], changed * 1.1)
        self.assertEqual(row["bytes_reused"] + row["bytes_fetched"] - row["bytes_duplicate"], row["bytes"])
        self.assertEqual(os.stat(place / "part7").st_ino, unchanged)
        self.assertEqual(os.readlink(place / "link"), "/nowhere")
        self.assertTrue((place / "own" / "nothing").is_dir())
        self.check_is(place, "notes.txt", "own", "own/deep", "own/deep/x", "own/nothing", "deep", "deep/own", "deep/er",
                      "deep/er/old", "part5", "link")
        self.assertEqual([share["id"] for share in holder.json("status")["shares"]], [row["id"]])
        # No two names of one file: who changes one changes one.
        self.assertTrue(all(path.stat().st_nlink == 1 for path in place.rglob("*") if path.is_file()))
        # It is as if it had been downloaded in the first place.
        self.assertTrue(self.update(holder)["already_there"])
        self.assertEqual(holder.run("verify", "model").code, 0)

    def test_dropped_files_go_with_delete(self):
        holder = self.first_version()
        place = holder.dir / "model"
        fill(place / "deep" / "own", 1000)
        fill(place / "added" / "own", 1000)
        old = os.stat(place / "part5").st_ino
        row = self.second_version(holder)
        done = self.update(holder, "--delete")
        self.assertEqual(done["id"], row["id"])
        self.check_is(place, "deep", "deep/own", "added", "added/own")
        self.assertEqual(os.stat(place / "moved5").st_ino, old)

    def test_what_the_new_version_only_drops_goes_with_delete(self):
        holder = self.first_version()
        place = holder.dir / "model"
        fill(place / "deep" / "own", 1000)
        shutil.rmtree(self.source / "deep")
        (self.source / "part5").unlink()
        self.wait_newest(holder, self.publisher.add(self.source)["id"])
        self.update(holder, "--delete")
        self.check_is(place, "deep", "deep/own")
        self.assertEqual(holder.run("verify", "model").code, 0)
        # What is dropped again later goes, too.
        (self.source / "part6").unlink()
        self.wait_newest(holder, self.publisher.add(self.source)["id"])
        self.update(holder, "--delete")
        self.check_is(place, "deep", "deep/own")
        self.assertTrue(self.update(holder, "--delete")["already_there"])

    def test_a_dropped_file_that_the_user_changed_stays(self):
        holder = self.first_version()
        place = holder.dir / "model"
        change(place / "deep" / "er" / "old", 0)
        mine = digest(place / "deep" / "er" / "old")
        self.second_version(holder)
        self.update(holder, "--delete")
        self.assertEqual(digest(place / "deep" / "er" / "old"), mine)

    def test_a_changed_file_in_the_way_is_not_lost(self):
        holder = self.first_version()
        place = holder.dir / "model"
        change(place / "part3", 0)
        fill(place / "fresh", 10, "mine")
        before = tree(place)
        self.second_version(holder)
        refused = holder.run("download", "model", "--update")
        self.assertEqual(refused.code, 7, refused.err)
        self.assertIn("part3", refused.err)
        self.assertIn("fresh", refused.err)
        self.assertIn("move it away", refused.err)
        self.assertEqual(tree(place), before)
        for name in ("part3", "fresh"):
            (place / name).rename(self.directory / name)
        self.update(holder)
        self.assertEqual(digest(place / "part3"), digest(self.source / "part3"))

    def test_files_that_were_only_touched_are_not_changed(self):
        holder = self.first_version()
        for path in (holder.dir / "model").iterdir():
            os.utime(path)
        self.second_version(holder)
        row = self.update(holder)
        self.assertLess(row["bytes_fetched"], MIB)
        self.assertEqual(digest(holder.dir / "model" / "part3"), digest(self.source / "part3"))

    def test_a_file_that_was_touched_with_wrong_bytes_is_not_taken_over(self):
        holder = self.first_version()
        place = holder.dir / "model" / "part7"
        seen = os.stat(place)
        change(place, 100)
        os.utime(place, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        self.second_version(holder)
        refused = holder.run("download", "model", "--update")
        self.assertEqual(refused.code, 7, refused.err)
        self.assertIn("part7", refused.err)

    def test_links_of_the_user_are_not_lost(self):
        holder = self.first_version()
        place = holder.dir / "model"
        elsewhere = self.directory / "elsewhere"
        shutil.move(place / "deep", elsewhere)
        os.symlink(elsewhere, place / "deep")
        os.symlink("/nowhere", place / "fresh")
        change(self.source / "deep" / "er" / "old", 0)
        fill(self.source / "fresh", 1000)
        self.wait_newest(holder, self.publisher.add(self.source)["id"])
        refused = holder.run("download", "model", "--update")
        self.assertEqual(refused.code, 7, refused.err)
        self.assertIn("deep", refused.err)
        self.assertIn("fresh", refused.err)
        self.assertTrue((place / "fresh").is_symlink() and (place / "deep").is_symlink())
        self.assertTrue((elsewhere / "er" / "old").is_file())

    def test_a_folder_that_never_was_a_version_is_not_overwritten(self):
        self.first_version()
        other = self.peer("other", self.swarm)
        fill(other.dir / "model" / "part3", 1000, "mine")
        refused = other.run("download", "model", "--update")
        self.assertEqual(refused.code, 7, refused.err)
        self.assertIn("part3", refused.err)

    def test_an_older_version_elsewhere_is_found(self):
        self.first_version()
        other = self.peer("other", self.swarm)
        elsewhere = self.directory / "elsewhere"
        elsewhere.mkdir()
        other.ok("download", "model", "--dir", elsewhere)
        self.second_version(other)
        refused = other.run("download", "model", "--dir", elsewhere)
        self.assertEqual(refused.code, 7, refused.err)
        self.assertIn("--update", refused.err)
        row = self.update(other)
        self.assertEqual(row["path"], str(elsewhere / "model"))
        self.check_is(elsewhere / "model", "part5", "deep", "deep/er", "deep/er/old")

    def test_a_single_file(self):
        path = fill(self.directory / "data" / "disk.img", 20 * MIB)
        self.publisher.add(path)
        holder = self.peer("holder", self.swarm)
        holder.ok("download", "disk.img")
        change(path, 7 * MIB)
        with open(path, "ab") as file:
            file.write(os.urandom(MIB))
        self.wait_newest(holder, self.publisher.add(path)["id"])
        row = holder.json("download", "disk.img", "--update")[0]
        self.assertEqual(digest(holder.dir / "disk.img"), digest(path))
        self.assertLessEqual(row["bytes_fetched"], 1.1 * (MIB + 3 * 64 * 1024))
        self.assertFalse((holder.dir / ".shoal").exists())

    def test_a_folder_becomes_a_file_and_back(self):
        holder = self.first_version()
        shutil.rmtree(self.source)
        fill(self.source, 100_000)
        self.wait_newest(holder, self.publisher.add(self.source)["id"])
        self.update(holder)
        self.assertEqual(digest(holder.dir / "model"), digest(self.source))
        self.source.unlink()
        fill(self.source / "one", 100_000)
        self.wait_newest(holder, self.publisher.add(self.source)["id"])
        self.update(holder)
        self.assertEqual(tree(holder.dir / "model"), tree(self.source))

    def test_a_folder_with_files_of_the_user_does_not_become_a_file(self):
        holder = self.first_version()
        place = holder.dir / "model"
        with socket.socket(socket.AF_UNIX) as own:
            own.bind(str(place / "own"))
            shutil.rmtree(self.source)
            fill(self.source, 100_000)
            self.wait_newest(holder, self.publisher.add(self.source)["id"])
            refused = holder.run("download", "model", "--update")
        self.assertEqual(refused.code, 7, refused.err)
        self.assertTrue((place / "own").exists())

    def test_without_an_older_version_it_is_a_download(self):
        self.first_version()
        fresh = self.peer("fresh", self.swarm)
        self.update(fresh)
        self.assertEqual(tree(fresh.dir / "model"), tree(self.source))

    def test_a_newer_version_is_not_replaced(self):
        holder = self.first_version()
        old = holder.json("list")[0]["id"]
        other = self.peer("other", self.swarm)
        other.ok("download", old)
        self.second_version(holder)
        self.update(holder)
        before = tree(holder.dir / "model")
        refused = holder.run("download", old, "--update")
        self.assertEqual(refused.code, 7, refused.err)
        self.assertIn("newer version", refused.err)
        self.assertEqual(tree(holder.dir / "model"), before)

    def slow_update(self, holder, *options):
        """Begins an update of which one file of 4 MiB arrives at 200 kB/s."""
        fill(self.source / "slow", 4 * MIB)
        row = self.publisher.add(self.source)
        self.wait_newest(holder, row["id"])
        holder.ok("download", "model", "--update", "--no-wait", "--down-limit", "200K", *options)
        wait_for(lambda: holder.download_row(row["id"])["bytes_fetched"] > 200_000, "some of it was fetched")
        return row

    def test_killed_in_the_middle_it_goes_on_at_the_next_start(self):
        holder = self.first_version()
        place = holder.dir / "model"
        (place / "notes.txt").write_text("mine")
        before = tree(place)
        row = self.slow_update(holder)
        holder.kill()
        self.assertEqual(tree(place), before)
        holder = self.peer("holder", self.swarm)
        holder.ok("limit", row["id"], "--down", "0")
        holder.ok("download", row["id"], "--update")
        self.check_is(place, "notes.txt")

    def test_cancelled_it_leaves_the_older_version_and_its_share(self):
        holder = self.first_version()
        old = holder.json("list")[0]["id"]
        before = tree(holder.dir / "model")
        row = self.slow_update(holder)
        holder.ok("cancel", row["id"])
        self.assertEqual(tree(holder.dir / "model"), before)
        self.assertIn(old, [share["id"] for share in holder.json("status")["shares"]])
        holder.ok("remove", row["id"])
        self.assertFalse((holder.dir / ".shoal").exists())
        self.assertEqual(tree(holder.dir / "model"), before)
        self.assertEqual(holder.run("verify", old).code, 0)

    def test_a_file_that_is_changed_meanwhile_is_not_lost(self):
        holder = self.first_version()
        place = holder.dir / "model"
        row = self.slow_update(holder)
        change(place / "part7", 0)
        mine = digest(place / "part7")
        holder.ok("limit", row["id"], "--down", "0")
        refused = holder.run("download", row["id"], "--update")
        self.assertEqual(refused.code, 7, refused.err)
        self.assertIn("part7", refused.err)
        self.assertEqual(digest(place / "part7"), mine)

    def test_a_file_that_was_changed_in_both_versions_is_fetched_again(self):
        holder = self.first_version()
        place = holder.dir / "model"
        row = self.slow_update(holder)
        # It is a file of the unfinished version, too.
        change(place / "part7", 0)
        holder.ok("cancel", row["id"])
        (place / "part7").unlink()
        holder.ok("limit", row["id"], "--down", "0")
        holder.ok("download", row["id"], "--update")
        self.check_is(place)

    def test_two_newer_versions_at_once(self):
        holder = self.first_version()
        first = self.slow_update(holder)
        fill(self.source / "more", 200_000)
        second = self.publisher.add(self.source)
        self.wait_newest(holder, second["id"])
        holder.ok("download", second["id"], "--update")
        self.check_is_whole(holder.dir / "model")
        verified = holder.run("verify", second["id"])
        self.assertEqual(verified.code, 0, verified.err)
        self.assertIsNotNone(holder.download_row(first["id"]))

    def test_a_command_that_runs_alone(self):
        holder = self.first_version()
        place = holder.dir / "model"
        holder.terminate()
        change(self.source / "part9", 0)
        self.publisher.add(self.source)
        (place / "notes.txt").write_text("mine")
        row = holder.json("download", "model", "--update", "--tracker", self.swarm.ready["listen"][0], "--dir", holder.dir)[0]
        self.assertLessEqual(row["bytes_fetched"], 2 * 64 * 1024)
        self.check_is(place, "notes.txt")

    def test_what_a_command_downloaded_alone_can_be_updated_and_is_not_shared(self):
        self.first_version()
        alone = self.peer("alone", self.swarm)
        alone.terminate()
        by = ("--tracker", self.swarm.ready["listen"][0], "--dir", alone.dir)
        alone.ok("download", "model", *by)
        self.second_version()
        row = alone.json("download", "model", "--update", "--delete", *by)[0]
        self.assertLess(row["bytes_fetched"], MIB)
        self.check_is(alone.dir / "model")
        alone = self.peer("alone", self.swarm)
        self.assertEqual(alone.json("status")["shares"], [])

    def test_delete_needs_update(self):
        refused = self.publisher.run("download", "model", "--delete")
        self.assertEqual(refused.code, 2, refused.err)
        self.assertIn("--update", refused.err)
