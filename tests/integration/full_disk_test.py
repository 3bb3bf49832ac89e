"""A disk that is full: a download waits for room, says how much is missing, and goes on by itself."""
import os
import subprocess
import time
import unittest

import faulty_disk
from harness import NODE, PATIENCE, SwarmTest, digest, tree, wait_for

MIB = 1 << 20
AT_ONCE = 2  # seconds: what cancel and stop may take, at most


@unittest.skipIf(os.geteuid() != 0, "needs root, for a small file system")
class FullDiskTest(SwarmTest):
    """A peer `b` downloads `x`, of 24 MiB, to a file system of 32 MiB at 8 MiB/s."""

    def setUp(self):
        super().setUp()
        self.head = self.tracker()
        self.a = self.peer("a", self.head, "--up-limit", "8M")
        self.small = self.directory / "small"
        self.small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", self.small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.small], check=True)
        self.x = self.file("data/x", 24 * MIB)
        self.share = self.a.add(self.x)["id"]

    def fill(self):
        with open(self.small / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(MIB))
            except OSError:
                pass

    def make_room(self):
        (self.small / "filler").unlink()

    def row_that_waits(self, peer, share=None, why="goes on by itself"):
        def waits():
            row = peer.download_row(share or self.share)
            return row if row and why in row["reason"] else None
        return wait_for(waits, f"{peer.name} waits for room")

    def begin(self, *options):
        b = self.peer("b", self.head, *options)
        self.wait_listed(b, "x")
        b.ok("download", "x", "--dir", self.small, "--no-wait")
        b.wait_done(self.share, 2 * MIB)
        self.fill()
        return b

    def wait_complete(self, peer, share=None, at=None):
        wait_for(lambda: peer.download_row(share or self.share)["phase"] == "complete", "it is complete")
        self.assertEqual(digest(at or self.small / "x"), digest(self.x))

    def test_it_waits_and_goes_on_by_itself(self):
        b = self.begin()
        row = self.row_that_waits(b, why="the disk is full: ")
        self.assertEqual(row["phase"], "waiting")
        self.assertIn(f"more are needed in {self.small}", row["reason"])
        self.assertIn("the disk is full", b.ok("status").out)
        # Others are untouched.
        other = self.a.add(self.file("data/other", 4 * MIB))["id"]
        self.wait_listed(b, "other")
        b.ok("download", "other")
        self.assertEqual(digest(b.dir / "other"), digest(self.directory / "data/other"))
        # What is on its way when the disk fills is all that comes in vain.
        fetched = b.json("status")["bytes_downloaded"]
        end = time.monotonic() + 3
        wait_for(lambda: time.monotonic() > end, "it still waits")
        self.assertEqual(self.row_that_waits(b)["done"], row["done"])
        self.assertLess(b.json("status")["bytes_downloaded"] - fetched, 4 * MIB)
        self.make_room()
        self.wait_complete(b)
        self.assertEqual(b.text().count("download waits for room"), 1)
        self.assertNotIn("an idle source was forgotten", b.text())
        self.assertEqual([path.name for path in self.small.iterdir()], ["x"])

    def share_folder(self, files):
        for i in range(files):
            self.file(f"data/folder/d{i % 7}/f{i}", 18_000_000 // files)
        return self.a.add(self.directory / "data/folder")["id"]

    def wait_folder(self, peer, share):
        wait_for(lambda: peer.download_row(share)["phase"] == "complete", "it is complete")
        self.assertEqual(tree(self.small / "folder"), tree(self.directory / "data/folder"))

    def test_small_files_of_a_folder(self):
        share = self.share_folder(files=300)
        b = self.peer("b", self.head)
        self.wait_listed(b, "folder")
        b.ok("download", "folder", "--dir", self.small, "--no-wait")
        b.wait_done(share, 2 * MIB)
        self.fill()
        self.row_that_waits(b, share, "the disk is full: ")
        self.make_room()
        self.wait_folder(b, share)

    def test_cancel_and_stop_work_at_once(self):
        b = self.begin()
        done = self.row_that_waits(b)["done"]
        begun = time.monotonic()
        b.ok("cancel", "x")
        self.assertLess(time.monotonic() - begun, AT_ONCE)
        b.ok("download", "x", "--dir", self.small, "--no-wait")
        self.row_that_waits(b)
        code, seconds = b.terminate()
        self.assertEqual(code, 0)
        self.assertLess(seconds, AT_ONCE)
        # The disk is still full when the peer comes back.
        b = self.peer("b", self.head)
        self.row_that_waits(b, why="not enough space")
        begun = time.monotonic()
        b.ok("cancel", "x")
        self.assertLess(time.monotonic() - begun, AT_ONCE)
        b.ok("download", "x", "--dir", self.small, "--no-wait")
        self.row_that_waits(b)
        self.make_room()
        self.wait_complete(b)
        self.assertLess(b.json("status")["bytes_downloaded"], 24 * MIB - done + MIB)

    def test_a_command_without_a_peer_waits_as_well(self):
        magnet = self.a.bare_link("x")
        with open(self.directory / "said", "wb") as said:
            command = subprocess.Popen(
                [NODE, "download", magnet, "--peer", self.a.ready["listen"][0], "--state", self.directory / "alone",
                 "--dir", self.small], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        self.addCleanup(command.kill)
        unfinished = self.small / ".shoal"
        wait_for(lambda: unfinished.is_dir() and any(path.stat().st_blocks > 4096 for path in unfinished.iterdir()),
                 "it downloads")
        self.fill()
        wait_for(lambda: "the disk is full" in (self.directory / "said").read_text(), "it says that the disk is full")
        self.make_room()
        self.assertEqual(command.wait(PATIENCE), 0)
        self.assertEqual(digest(self.small / "x"), digest(self.x))

    @faulty_disk.needed
    def test_no_room_for_the_last_step(self):
        faults = faulty_disk.FaultyDisk(self.directory)
        faults.set(f"fault {self.small} fsync ENOSPC 1")
        self.prefix = faults.prefix
        # Few enough for a sync of each directory.
        share = self.share_folder(files=20)
        b = self.peer("b", self.head)
        self.wait_listed(b, "folder")
        b.ok("download", "folder", "--dir", self.small, "--no-wait")
        self.row_that_waits(b, share)
        begun = time.monotonic()
        b.ok("cancel", "folder")
        self.assertLess(time.monotonic() - begun, AT_ONCE)
        b.ok("download", "folder", "--dir", self.small, "--no-wait")
        self.row_that_waits(b, share)
        # It is whole, and cannot be put in its place.
        self.assertFalse((self.small / "folder").exists())
        faults.set()
        self.wait_folder(b, share)

    @faulty_disk.needed
    def test_no_room_for_the_name_of_what_is_in_its_place(self):
        faults = faulty_disk.FaultyDisk(self.directory)
        faults.set(f"fault {self.small} fsync ENOSPC 1")
        self.prefix = faults.prefix
        b = self.peer("b", self.head)
        self.wait_listed(b, "x")
        b.ok("download", "x", "--dir", self.small, "--no-wait")
        self.row_that_waits(b, why="cannot sync the directory")
        self.assertEqual(b.download_row(self.share)["done"], 24 * MIB)
        # Nobody is dialled for what is here.
        sessions = b.text().count("session begins")
        end = time.monotonic() + 3
        wait_for(lambda: time.monotonic() > end, "it still waits")
        self.row_that_waits(b, why="cannot sync the directory")
        self.assertEqual(b.text().count("session begins"), sessions)
        faults.set()
        self.wait_complete(b)

    @faulty_disk.needed
    def test_a_quota_that_is_used_up(self):
        faults = faulty_disk.FaultyDisk(self.directory)
        self.prefix = faults.prefix
        b = self.peer("b", self.head)
        self.wait_listed(b, "x")
        b.ok("download", "x", "--dir", self.small, "--no-wait")
        b.wait_done(self.share, 2 * MIB)
        faults.set(f"fault {self.small} pwrite EDQUOT 1")
        self.assertIn("quota", self.row_that_waits(b)["reason"])
        faults.set()
        self.wait_complete(b)


if __name__ == "__main__":
    unittest.main()
