"""tools/attack runs against a peer and a tracker, and says what it cost."""
import pathlib
import subprocess
import sys
import unittest

from harness import SwarmTest

TOOL = pathlib.Path(__file__).resolve().parent.parent.parent / "tools" / "attack"


class AttackTest(SwarmTest):
    def attack(self, *words):
        done = subprocess.run([sys.executable, TOOL, *map(str, words), "--seconds", "0.5"], capture_output=True, text=True,
                              timeout=60, check=False)
        # Whether it found damage depends on the machine, and in half a second most of what it measures is noise.
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.stdout

    def test_a_peer(self):
        peer = self.peer("victim")
        peer.add(self.file("shared", 1 << 20))
        torrent = self.directory / "shared.torrent"
        peer.ok("torrent", "shared", "--output", torrent)
        told = self.attack(f"127.0.0.1:{peer.port}", "--torrent", torrent, "--pid", peer.process.pid, "churn", "haves")
        self.assertRegex(told, r"(?m)^undisturbed .*MB/s(.|\n)*^churn .* % of a core(.|\n)*^haves ")
        peer.ok("status")

    def test_a_tracker(self):
        tracker = self.tracker()
        told = self.attack(f"127.0.0.1:{tracker.port}", "--tracker", "--pid", tracker.process.pid, "churn", "watches")
        self.assertRegex(told, r"(?m)^undisturbed .*changes/s(.|\n)*^churn .* % of a core(.|\n)*^watches ")
        self.peer("guest", tracker).ok("status")


if __name__ == "__main__":
    unittest.main()
