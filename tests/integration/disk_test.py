"""Disks that fail: each failure is told with its cause, nothing that was verified is lost, and nothing hangs."""
import os
import subprocess
import unittest

import faulty_disk
from harness import SwarmTest, digest, wait_for

MIB = 1 << 20
SIZE = 24 * MIB


@faulty_disk.needed
class DiskTest(SwarmTest):
    """A peer `b` has begun to download `x`, and then its disk fails."""

    def setUp(self):
        super().setUp()
        self.head = self.tracker()
        self.a = self.peer("a", self.head, "--up-limit", "12M")
        self.x = self.file("data/x", SIZE)
        self.share = self.a.add(self.x)["id"]
        self.faults = faulty_disk.FaultyDisk(self.directory)
        self.prefix = self.faults.prefix
        self.b = self.peer("b", self.head)
        self.prefix = []
        self.wait_listed(self.b, "x")
        self.b.ok("download", "x", "--no-wait")
        self.done = self.b.wait_done(self.share, 4 * MIB)["done"]

    def fail(self, *lines):
        self.faults.set(*(f"fault {line}" for line in lines))

    def row_that_failed(self, text):
        def failed():
            row = self.b.download_row(self.share)
            return row if row["phase"] == "failed" else None
        row = wait_for(failed, "the download fails")
        self.assertIn(text, row["reason"])
        return row

    def check_goes_on(self, lost_max=MIB):
        """The next try has what was verified, and fetches the rest."""
        self.faults.set()
        before = self.b.json("status")["bytes_downloaded"]
        self.b.ok("download", "x")
        self.assertEqual(digest(self.b.dir / "x"), digest(self.x))
        self.assertLess(self.b.json("status")["bytes_downloaded"] - before, SIZE - self.done + lost_max)
        self.assertEqual([path.name for path in self.b.dir.iterdir()], ["x"])

    def test_a_write_that_fails(self):
        self.fail(f"{self.b.dir} pwrite EIO 1")
        self.row_that_failed("Input/output error")
        self.check_goes_on()

    def test_a_folder_that_became_read_only(self):
        self.fail(f"{self.b.dir} pwrite EROFS 1")
        self.row_that_failed("Read-only file system")
        self.check_goes_on()

    def test_a_sync_that_fails(self):
        """Told long before the end: what was written since the last one may be lost."""
        self.fail(f"{self.b.dir} fdatasync,fsync,syncfs EIO 1")
        row = self.row_that_failed("cannot sync")
        self.assertLess(row["done"], SIZE)
        self.check_goes_on()

    def test_a_disk_that_is_full_when_it_syncs(self):
        self.fail(f"{self.b.dir} fdatasync,fsync,syncfs ENOSPC 1")
        row = self.row_that_failed("free some space there, then download it again")
        self.assertIn("cannot sync", row["reason"])
        self.check_goes_on()

    def test_a_disk_that_is_full_at_the_last_sync(self):
        """To wait there is to wait for ever: the system tells of lost pages once."""
        self.a.add(self.file("data/small", 100_000))
        self.wait_listed(self.b, "small")
        self.fail(f"{self.b.dir} fdatasync,fsync,syncfs ENOSPC 1")
        failed = self.b.run("download", "small")
        self.assertEqual(failed.code, 6)
        self.assertIn("free some space there, then download it again", failed.err)
        self.faults.set()
        self.b.ok("download", "small")

    def test_reads_and_writes_that_are_short(self):
        self.fail(f"{self.b.dir} pwrite,pread,sendfile short 0.9", f"{self.b.state} pwrite,write,pread short 0.9")
        self.check_goes_on()

    def test_a_folder_that_was_moved(self):
        away = self.directory / "away"
        os.rename(self.b.dir, away)
        self.row_that_failed(f"{self.b.dir} was moved or unmounted during the download: put it back")
        os.rename(away, self.b.dir)
        self.check_goes_on()

    def test_a_database_that_is_deleted(self):
        for path in self.b.state.glob("state.db*"):
            path.unlink()
        other = self.b.add(self.file("data/other", 1000))["id"]
        self.b.wait_done(self.share, self.done + 4 * MIB)
        self.assertIn("was deleted while it was in use, and is written anew", self.b.text())
        self.b.kill()
        self.b = self.peer("b", self.head)
        self.check_goes_on()
        self.assertIn(other, [row["id"] for row in self.b.json("status")["shares"]])

    def test_a_database_without_room(self):
        self.fail(f"{self.b.state} pwrite,write,ftruncate,fallocate ENOSPC 1")
        result = self.b.run("add", self.file("data/other", 1000))
        self.assertEqual(result.code, 6)
        self.assertIn("free some space there", result.err)
        row = wait_for(lambda: next((row for row in [self.b.download_row(self.share)] if row["reason"]), None),
                       "it waits for room")
        self.assertIn("could not be recorded", row["reason"])
        self.assertIn("it goes on by itself when there is room", row["reason"])
        self.faults.set()
        wait_for(lambda: self.b.download_row(self.share)["phase"] == "complete", "it is complete")
        # The log of a disk that stays full stays small.
        self.assertLess(self.b.text().count("journal fails"), 10)
        self.b.kill()
        self.b = self.peer("b", self.head)
        wait_for(lambda: [row["there"] for row in self.b.json("status")["shares"]] == [True], "it is shared")

    def test_a_share_that_cannot_be_forgotten_stays(self):
        other = self.b.add(self.file("data/other", 1000))["id"]

        def listed():
            return other in [row["id"] for row in self.b.json("status")["shares"]]

        self.fail(f"{self.b.state} pwrite,write,ftruncate,fallocate ENOSPC 1")
        result = self.b.run("remove", other)
        self.assertEqual(result.code, 6)
        self.assertIn("free some space there", result.err)
        self.assertTrue(listed())
        self.faults.set()
        self.b.ok("remove", other)
        self.assertFalse(listed())
        self.b.kill()
        self.b = self.peer("b", self.head)
        self.assertFalse(listed())

    def test_a_database_that_another_program_overwrites(self):
        for path in self.b.state.glob("state.db*"):
            with open(path, "r+b") as file:
                file.write(os.urandom(path.stat().st_size))
        result = self.b.run("add", self.file("data/other", 1000))
        self.assertEqual(result.code, 6)
        self.assertIn("start this peer again", result.err)
        self.assertEqual(self.b.terminate()[0], 0)
        self.b = self.peer("b", self.head)
        self.assertIn("was damaged and is now", self.b.text())
        before = self.b.unfinished()
        self.b.ok("download", "x")
        self.assertEqual(digest(self.b.dir / "x"), digest(self.x))
        self.assertLess(self.b.json("status")["bytes_downloaded"], self.x.stat().st_size - self.done + MIB)
        self.assertFalse(before.parent.exists())


class StateDirectoryTest(SwarmTest):
    @unittest.skipIf(os.geteuid() != 0, "needs root, for a small file system")
    def test_a_state_directory_on_a_full_or_read_only_disk(self):
        small = self.directory / "b.state"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)
        (small / "filler").write_bytes(bytes(1020 << 10))
        for trouble, cause, remedy in ((None, "disk is full|No space left on device", "free some space there"),
                                       ("remount,ro", "Read-only file system", "choose another state directory")):
            if trouble:
                (small / "filler").unlink()
                subprocess.run(["mount", "-o", trouble, small], check=True)
            with self.assertRaises(AssertionError) as ended:
                self.peer("b")
            self.assertRegex(str(ended.exception), cause)
            self.assertIn(remedy, str(ended.exception))


if __name__ == "__main__":
    unittest.main()
