"""A command for each download that becomes complete."""
import os
import signal
import unittest

from harness import SwarmTest, wait_for


class HooksTest(SwarmTest):
    in_memory = True

    def script(self, text):
        path = self.directory / "hook.sh"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path

    def test_the_command_hears_what_is_complete(self):
        out = self.directory / "heard"
        hook = self.script(f'echo "$SHOAL_NAME|$SHOAL_PATH|$SHOAL_ID|$SHOAL_BYTES|$*" >> {out}\n')
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        peer = self.peer("peer", tracker, "--on-complete", hook, "--on-complete", "first arg", "--on-complete", "$HOME")
        rows = [seeder.add(self.file(f"data/{name}", 300_000)) for name in ("--one `x`", "two.bin", "three.bin")]

        def fetch(row):
            self.wait_listed(peer, row["name"])
            peer.ok("download", row["id"])

        fetch(rows[0])
        fetch(rows[1])
        # What is there already did not become complete, nor what is added. The commands run in order.
        fetch(rows[0])
        peer.add(self.file("data/four.bin", 10))
        fetch(rows[2])
        wait_for(lambda: out.exists() and "three.bin" in out.read_text(), "the last one is told")
        self.assertEqual(out.read_text().splitlines(),
                         [f"{row['name']}|{peer.dir / row['name']}|{row['id']}|300000|first arg $HOME" for row in rows])

    def test_a_command_that_fails_or_hangs_harms_nothing(self):
        hook = self.script('[ "$SHOAL_NAME" = bad ] && exit 3\n'
                           f'echo $$ > {self.directory}/pid\nexec sleep 600\n')
        tracker = self.tracker()
        seeder = self.peer("seeder", tracker)
        peer = self.peer("peer", tracker, "--on-complete", hook)
        for name in ("bad", "slow", "third"):
            seeder.add(self.file(f"data/{name}", 300_000))
            self.wait_listed(peer, name)
            peer.ok("download", name)
        wait_for(lambda: "the command for a complete download fails exit=3" in peer.text(), "the failure is logged")
        pid = wait_for(lambda: (self.directory / "pid").exists() and (self.directory / "pid").read_text().strip(), "one hangs")
        self.addCleanup(os.kill, int(pid), signal.SIGKILL)
        peer.terminate()

    def test_a_program_that_is_not_there_is_told_at_once(self):
        other = self.peer("other", None)
        for program in ("/nothing/here", "no-such-program-in-PATH"):
            failed = other.run("peer", "--on-complete", program)
            self.assertEqual(failed.code, 3)
            self.assertIn(f"cannot run '{program}'", failed.err)


if __name__ == "__main__":
    unittest.main()
