"""What a service manager hears of a tracker and a peer: sd_notify(3)."""
import os
import socket
import unittest
from unittest import mock

from harness import PATIENCE, SwarmTest

END_SECONDS_MAX = 2 if not os.environ.get("SHOAL_SANITIZE") else PATIENCE


class ServiceTest(SwarmTest):
    in_memory = True

    def manager(self, address):
        """A service manager that listens at a path, or at an abstract address, which begins with a zero byte."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listening.close)
        listening.bind(address)
        listening.settimeout(PATIENCE)
        self.enterContext(mock.patch.dict(os.environ, {"NOTIFY_SOCKET": address.replace("\0", "@")}))
        return listening

    def check(self, process, manager):
        said = manager.recv(4096).decode().splitlines()
        self.assertEqual(said, ["READY=1", f"STATUS=listens on {process.ready['listen'][0]}"])
        # Whoever was to start after this process connects at once.
        socket.create_connection(("127.0.0.1", process.port), timeout=PATIENCE).close()
        code, seconds = process.terminate()
        self.assertEqual(manager.recv(4096).decode().splitlines()[0], "STOPPING=1")
        self.assertEqual(code, 0, process.text())
        self.assertLess(seconds, END_SECONDS_MAX)

    def test_a_tracker_says_when_it_listens_and_when_it_ends(self):
        manager = self.manager(str(self.directory / "notify"))
        self.check(self.tracker(), manager)

    def test_a_peer_says_so_at_an_abstract_address(self):
        manager = self.manager(f"\0shoal-{self.directory.name}")
        self.check(self.peer("a"), manager)

    def test_a_peer_that_is_told_to_stop_says_that_it_ends(self):
        manager = self.manager(str(self.directory / "notify"))
        peer = self.peer("a")
        self.assertIn(b"READY=1", manager.recv(4096))
        peer.ok("stop")
        self.assertIn(b"STOPPING=1", manager.recv(4096))
        self.assertEqual(peer.process.wait(PATIENCE), 0)

    def test_a_manager_that_cannot_be_reached_stops_nothing(self):
        for address in (str(self.directory / "nobody"), "/" + "x" * 200):
            with mock.patch.dict(os.environ, {"NOTIFY_SOCKET": address}):
                tracker = self.tracker()
                self.assertEqual(tracker.terminate()[0], 0)
                self.assertIn("cannot tell the service manager", tracker.text())


if __name__ == "__main__":
    unittest.main()
