"""The record never says more than the disk: content that is gone, changed or damaged is told, withdrawn and mended."""
import os
import shutil
import subprocess

from harness import SwarmTest, digest, rot, wait_for


class Copies(SwarmTest):
    def copies(self, name, size=24 << 20):
        """A peer that shares a file, and another that has downloaded it."""
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        path = self.file(f"data/{name}", size)
        share = seeder.add(path)["id"]
        self.wait_listed(leecher, name)
        leecher.ok("download", name)
        return seeder, leecher, path, share

    def share_row(self, peer, share):
        for row in peer.json("status")["shares"]:
            if row["id"] == share:
                return row
        return None

    def wait_there(self, peer, share, there):
        def seen():
            row = self.share_row(peer, share)
            return row if row and row["there"] == there else None
        return wait_for(seen, f"{peer.name} sees that {share} is {'' if there else 'not '}there")

    def damage(self, path, at):
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(b"XXXX")


class RecordTest(Copies):
    def test_a_copy_that_was_deleted_is_brought_back(self):
        _, leecher, path, _ = self.copies("f", 3_000_000)
        (leecher.dir / "f").unlink()
        row = leecher.json("download", "f")[0]
        self.assertEqual(row["phase"], "complete")
        self.assertFalse(row["already_there"])
        # Only now it is, and how fast it came is past.
        self.assertTrue(leecher.json("download", "f")[0]["already_there"])
        self.assertIn("already complete: f", leecher.ok("download", "f").out)
        self.assertEqual(digest(leecher.dir / "f"), digest(path))

    def test_of_a_copy_that_was_edited_or_cut_only_what_is_missing_is_fetched(self):
        _, leecher, path, _ = self.copies("f")
        copy = leecher.dir / "f"
        for harm, most in ((lambda: self.damage(copy, 5 << 20), 2 << 20), (lambda: os.truncate(copy, 20 << 20), 6 << 20)):
            harm()
            row = leecher.json("download", "f")[0]
            self.assertEqual(digest(copy), digest(path))
            self.assertLessEqual(sum(source["bytes"] for source in row["sources"]), most)
        self.assertEqual([entry.name for entry in leecher.dir.iterdir()], ["f"])

    def test_a_copy_with_something_else_in_it_is_not_touched(self):
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        self.file("data/folder/a", 1_000_000)
        self.file("data/folder/b", 1_000_000, seed=1)
        seeder.add(self.directory / "data/folder")
        self.wait_listed(leecher, "folder")
        leecher.ok("download", "folder")
        (leecher.dir / "folder" / "a").unlink()
        leecher.ok("download", "folder")
        self.assertEqual(digest(leecher.dir / "folder/a"), digest(self.directory / "data/folder/a"))
        self.damage(leecher.dir / "folder" / "a", 0)
        (leecher.dir / "folder" / "notes").write_text("mine")
        result = leecher.run("download", "folder")
        self.assertEqual(result.code, 7, result.err)
        self.assertIn("folder", result.err)
        self.assertEqual((leecher.dir / "folder" / "notes").read_text(), "mine")

    def test_what_the_user_put_in_the_place_of_a_copy_is_not_overwritten(self):
        _, leecher, _, _ = self.copies("f", 3_000_000)
        copy = leecher.dir / "f"
        copy.unlink()
        (leecher.dir / "other").write_bytes(b"mine")
        os.rename(leecher.dir / "other", copy)
        result = leecher.run("download", "f")
        self.assertEqual(result.code, 7, result.err)
        self.assertEqual(copy.read_bytes(), b"mine")

    def test_a_copy_that_is_being_mended_comes_back_when_it_is_cancelled_or_removed(self):
        seeder, leecher, _, share = self.copies("f", 3_000_000)
        copy = leecher.dir / "f"
        seeder.terminate()
        # Again and again, because each hits another step of the download.
        for word in ["cancel"] * 12 + ["remove"]:
            self.damage(copy, 1 << 20)
            damaged = digest(copy)
            leecher.ok("download", share, "--peer", "127.0.0.1:1", "--no-wait")
            wait_for(lambda: not copy.exists(), "it is being mended", every=0.001)
            leecher.ok(word, "f")
            self.assertEqual(digest(copy), damaged)
            self.assertEqual([entry.name for entry in leecher.dir.iterdir()], ["f"])

    def test_what_cannot_go_back_to_its_place_stays_listed(self):
        seeder, leecher, path, share = self.copies("f", 3_000_000)
        seeder.terminate()
        copy = leecher.dir / "f"
        for word in ("cancel", "remove"):
            self.damage(copy, 1 << 20)
            damaged = digest(copy)
            leecher.ok("download", share, "--peer", "127.0.0.1:1", "--no-wait")
            wait_for(lambda: not copy.exists(), "it is being mended")
            copy.write_text("mine")
            refused = leecher.run(word, "f")
            self.assertEqual(refused.code, 7, refused.err)
            self.assertIn("move it away", refused.err)
            for _ in range(2):
                self.assertEqual([(row["id"], row["phase"]) for row in leecher.json("status")["downloads"]],
                                 [(share, "cancelled")])
                self.assertEqual(copy.read_text(), "mine")
                self.assertEqual(leecher.run("remove", "f").code, 7)
                self.assertEqual(digest(leecher.unfinished()), damaged)
                leecher.terminate()
                leecher = self.peer("leecher")
            copy.unlink()
            if word == "remove":
                leecher.ok("remove", "f")
                self.assertEqual(digest(copy), damaged)
                continue
            seeder = self.peer("seeder")
            leecher.ok("download", share, "--peer", f"127.0.0.1:{seeder.port}")
            self.assertEqual(digest(copy), digest(path))
            seeder.terminate()
        self.assertEqual([entry.name for entry in leecher.dir.iterdir()], ["f"])
        self.assertEqual(leecher.json("status")["downloads"], [])

    def test_mending_goes_on_after_a_kill(self):
        seeder, leecher, path, share = self.copies("f", 3_000_000)
        magnet = seeder.bare_link("f")
        seeder.terminate()
        copy = leecher.dir / "f"
        self.damage(copy, 1 << 20)
        leecher.ok("download", share, "--peer", "127.0.0.1:1", "--no-wait")
        wait_for(lambda: not copy.exists(), "it is being mended")
        leecher.kill()
        seeder = self.peer("seeder")
        leecher = self.peer("leecher")
        row = leecher.json("download", magnet, "--peer", f"127.0.0.1:{seeder.port}")[0]
        self.assertEqual(digest(copy), digest(path))
        self.assertLess(sum(source["bytes"] for source in row["sources"]), 1_500_000)
        self.assertEqual([entry.name for entry in leecher.dir.iterdir()], ["f"])

    def test_what_the_user_changed_in_the_original_is_not_overwritten(self):
        seeder, leecher, path, share = self.copies("f", 3_000_000)
        self.damage(path, 1000)
        changed = digest(path)
        result = seeder.run("download", share, "--dir", path.parent)
        self.assertEqual(result.code, 7, result.err)
        self.assertEqual(digest(path), changed)

    def test_a_change_is_noticed_without_being_asked_for_and_withdrawn(self):
        seeder, leecher, path, share = self.copies("f", 3_000_000)
        self.wait_listed(leecher, "f", seeders=2)
        path.write_bytes(b"another version")
        self.wait_listed(leecher, "f", seeders=1)
        self.assertIn("changed", self.wait_there(seeder, share, False)["reason"])
        self.assertIn("not there", seeder.ok("status").out)
        again = seeder.add(path)
        self.assertNotEqual(again["id"], share)
        self.assertIsNone(self.share_row(seeder, share))

    def test_of_a_version_that_is_lost_while_another_is_added_nothing_is_left(self):
        publisher = self.peer("publisher")
        path = self.file("data/f", 300_000)
        publisher.add(path)
        for version in range(1, 41):
            os.replace(self.file("data/new", 300_000 + version, seed=version), path)
            added = publisher.add(path)["id"]
            rows = [(row["id"], row["there"]) for row in publisher.json("status")["shares"]]
            self.assertEqual(rows, [(added, True)], version)

    def test_a_disk_that_is_not_mounted_at_one_start_is_looked_for(self):
        seeder, leecher, path, share = self.copies("f", 3_000_000)
        self.wait_listed(leecher, "f", seeders=2)
        seeder.terminate()
        os.rename(path.parent, self.directory / "away")
        tracker = [row["url"] for row in leecher.json("status")["trackers"]][0]
        seeder = self.peer("seeder", None, "--tracker", tracker)
        self.wait_there(seeder, share, False)
        self.wait_listed(leecher, "f", seeders=1)
        os.rename(self.directory / "away", path.parent)
        self.wait_there(seeder, share, True)
        self.wait_listed(leecher, "f", seeders=2)

    def damage_and_hide(self, path, at):
        before = path.stat()
        self.damage(path, at)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def test_a_copy_whose_times_were_put_back_is_read_before_it_is_promised(self):
        _, leecher, path, share = self.copies("f")
        copy = leecher.dir / "f"
        for at in (5 << 20, 6 << 20):
            self.damage_and_hide(copy, at)
            row = leecher.json("download", "f")[0]
            self.assertEqual(digest(copy), digest(path))
            self.assertLessEqual(sum(source["bytes"] for source in row["sources"]), 2 << 20)
        tracker = [row["url"] for row in leecher.json("status")["trackers"]][0]
        leecher.terminate()
        self.damage_and_hide(copy, 7 << 20)
        leecher = self.peer("leecher", None, "--tracker", tracker)
        wait_for(lambda: "damaged" in self.wait_there(leecher, share, False)["reason"], "the damage is found")
        leecher.ok("download", "f")
        self.assertEqual(digest(copy), digest(path))

    def test_a_copy_that_was_only_touched_stays_and_is_read_once(self):
        seeder, leecher, _, share = self.copies("f")
        copy = leecher.dir / "f"
        os.chmod(copy, 0o640)
        read = lambda: leecher.text().count("touched files are read again")
        self.assertEqual(leecher.json("download", "f")[0]["phase"], "complete")
        self.assertEqual(read(), 1)
        tracker = [row["url"] for row in leecher.json("status")["trackers"]][0]
        leecher.terminate()
        os.chmod(copy, 0o600)
        for reads in (2, 2):
            leecher = self.peer("leecher", None, "--tracker", tracker)
            self.wait_there(leecher, share, True)
            self.assertEqual(read(), reads)
            leecher.terminate()

    def test_what_cannot_be_read_for_want_of_memory_is_not_damaged(self):
        compiler = shutil.which("cc") or shutil.which("clang-19")
        if compiler is None or os.environ.get("SHOAL_SANITIZE"):
            self.skipTest("needs a C compiler, and a program that takes a preloaded library")
        source, library = self.directory / "shim.c", self.directory / "shim.so"
        source.write_text("""
            #define _GNU_SOURCE
            #include <errno.h>
            #include <sys/syscall.h>
            #include <sys/types.h>
            #include <unistd.h>
            /* Pages of the database are smaller, pieces of content are not. */
            ssize_t pread64(int from, void *to, size_t count, off_t offset) {
              if (count < 65536) return syscall(SYS_pread64, from, to, count, offset);
              errno = ENOMEM;
              return -1;
            }
            ssize_t pread(int from, void *to, size_t count, off_t offset) { return pread64(from, to, count, offset); }
            """)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
        self.prefix = ["env", f"LD_PRELOAD={library}"]
        seeder = self.peer("seeder")
        share = seeder.add(self.file("data/f", 3_000_000))["id"]
        result = seeder.run("verify", "f", "--repair")
        self.assertEqual((result.code, result.out), (8, ""), result.err)
        self.assertIn("Cannot allocate memory", result.err)
        self.assertTrue(self.share_row(seeder, share)["there"])

    def test_moved_content_is_served_from_its_new_place(self):
        tracker = self.tracker()
        seeder, leecher = self.peer("seeder", tracker), self.peer("leecher", tracker)
        path = self.file("data/f", 3_000_000)
        share = seeder.add(path)["id"]
        moved = self.directory / "moved"
        moved.mkdir()
        os.rename(path, moved / "f")
        self.assertEqual(seeder.add(moved / "f")["id"], share)
        self.assertEqual(self.share_row(seeder, share)["path"], str(moved / "f"))
        self.wait_listed(leecher, "f", seeders=1)
        leecher.ok("download", "f")
        self.assertEqual(digest(leecher.dir / "f"), digest(moved / "f"))

    def test_a_missing_share_can_be_removed(self):
        seeder, _, path, share = self.copies("f", 3_000_000)
        path.unlink()
        self.wait_there(seeder, share, False)
        self.assertIn("not there", seeder.run("verify", "f").err)
        seeder.ok("remove", "f")
        self.assertIsNone(self.share_row(seeder, share))


class RotTest(Copies):
    in_memory = True

    def test_damage_that_verify_finds_is_withdrawn_and_mended(self):
        seeder, leecher, path, share = self.copies("f")
        copy = leecher.dir / "f"
        rot(copy, 5 << 20)
        self.wait_listed(seeder, "f", seeders=2)
        self.assertNotEqual(leecher.run("verify", "f").code, 0)
        self.wait_listed(seeder, "f", seeders=1)
        self.assertIn("damaged", self.wait_there(leecher, share, False)["reason"])
        leecher.terminate()
        tracker = [row["url"] for row in seeder.json("status")["trackers"]][0]
        leecher = self.peer("leecher", None, "--tracker", tracker)
        self.wait_there(leecher, share, False)
        row = leecher.json("download", share)[0]
        self.assertEqual(digest(copy), digest(path))
        self.assertLessEqual(sum(source["bytes"] for source in row["sources"]), 2 << 20)
        self.wait_listed(seeder, "f", seeders=2)
        leecher.ok("verify", "f")
        rot(copy, 6 << 20)
        self.assertIn("repaired", leecher.ok("verify", "f", "--repair").out)
        self.assertEqual(digest(copy), digest(path))
        rot(copy, 7 << 20)
        self.assertEqual(leecher.json("verify", "f", "--repair")["bad"], ["f"])
        self.assertEqual(digest(copy), digest(path))
        # Noticed before anybody asked.
        self.damage(copy, 7 << 20)
        # While it moves from one list to the other, it is in none.
        wait_for(lambda: any(not row["there"] for row in leecher.json("status")["shares"]), "it is withdrawn")
        leecher.ok("verify", "f", "--repair")
        self.assertEqual(digest(copy), digest(path))
