"""A machine that loses its power: what was not synced is lost. The record never promises a piece that is not there."""
import random
import unittest

import faulty_disk
from harness import SwarmTest, digest, tree, wait_for

MIB = 1 << 20
LOSSES = 5


@faulty_disk.needed
class PowerLossTest(SwarmTest):
    """Writes that were not synced are taken back after a kill, all or some. The database is as if it had all been
    synced: so it promises as much as it ever can."""

    def setUp(self):
        super().setUp()
        self.head = self.tracker()
        self.a = self.peer("a", self.head, "--up-limit", "12M")
        self.faults = faulty_disk.FaultyDisk(self.directory)

    def lose_power_again_and_again(self, name, size):
        share = self.a.add(self.directory / "data" / name)["id"]
        (self.directory / "b").mkdir()
        self.faults.set(f"log {self.faults.log} {self.directory / 'b'}")
        lost = kept = 0
        for turn in range(LOSSES):
            moments = random.Random(f"{name} {turn}")
            self.prefix = self.faults.prefix
            b = self.peer("b", self.head)
            self.prefix = []
            self.wait_listed(b, name)
            if turn == 0:
                b.ok("download", name, "--no-wait")
            row = wait_for(lambda: b.download_row(share), "it goes on")
            begun = wait_for(lambda: row["phase"] != "checking" and row["done"] or b.download_row(share)["done"],
                             "something is there")
            kept += begun if turn > 0 else 0
            # The last one comes when all is written, or nearly.
            part = moments.uniform(0.1, 0.5) if turn + 1 < LOSSES else 1
            b.wait_done(share, min(size, begun + int(part * (size - begun))))
            b.kill()
            some = moments.random()
            lost += self.faults.lose_unsynced(b.dir, lambda: moments.random() < max(some, 0.3))
        self.assertGreater(lost, 0)
        self.assertGreater(kept, 0)
        b = self.peer("b", self.head)
        wait_for(lambda: (self.directory / "b" / name).exists(), "it is complete")
        return b

    def test_one_large_file(self):
        original = self.file("data/x", 40 * MIB)
        b = self.lose_power_again_and_again("x", 40 * MIB)
        self.assertEqual(digest(b.dir / "x"), digest(original))

    def test_many_files(self):
        """More than are synced one by one."""
        sizes = [random.Random(i).randrange(400_000) for i in range(150)]
        for i, size in enumerate(sizes):
            self.file(f"data/folder/{i % 9}/{i}", size)
        b = self.lose_power_again_and_again("folder", sum(sizes))
        self.assertEqual(tree(b.dir / "folder"), tree(self.directory / "data/folder"))


if __name__ == "__main__":
    unittest.main()
