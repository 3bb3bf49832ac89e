"""A tracker that announces itself on the local network, and peers that find it there.

A bus and an Avahi daemon of the test's own run in a network namespace. So nothing of it leaves this machine.
"""
import os
import shutil
import subprocess
import unittest

from harness import SwarmTest, wait_for

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/> <allow own="*"/> <allow send_destination="*"/> <allow receive_sender="*"/>
  </policy>
</busconfig>
"""
AVAHI = "[server]\nuse-ipv4=yes\nuse-ipv6=no\nallow-interfaces=lan\n[publish]\npublish-workstation=no\n"
# The daemon keeps its socket there, and a daemon of this machine would have its own there, too.
IN_ITS_OWN_RUN = "mount -t tmpfs none /run && mkdir /run/avahi-daemon && exec \"$@\""
LACKING = [name for name in ("dbus-daemon", "avahi-daemon", "ip", "unshare") if not shutil.which(name)]


@unittest.skipIf(LACKING, f"needs {', '.join(LACKING)}")
@unittest.skipIf(os.geteuid() != 0, "needs root for a network namespace")
class LanTest(SwarmTest):
    def setUp(self):
        super().setUp()
        self.namespace = f"shoal-lan-{os.getpid()}"
        self.ip("netns", "add", self.namespace)
        self.addCleanup(self.ip, "netns", "del", self.namespace)
        self.prefix = ["ip", "netns", "exec", self.namespace]
        for words in ("link set lo up", "link add lan type veth peer name far", "address add 10.83.0.1/24 dev lan",
                      "link set lan up", "link set far up"):
            self.ip("-n", self.namespace, *words.split())
        self.bus_path = self.directory / "bus"
        before = os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
        self.addCleanup(os.environ.update, DBUS_SYSTEM_BUS_ADDRESS=before)
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={self.bus_path}"

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30)

    def run_beside(self, *words):
        process = subprocess.Popen([*self.prefix, *map(str, words)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

        def end():
            process.terminate()
            process.wait(30)
        self.addCleanup(end)
        return end

    def bus(self):
        settings = self.directory / "bus.conf"
        settings.write_text(BUS.format(path=self.bus_path))
        end = self.run_beside("dbus-daemon", "--nofork", "--nopidfile", "--config-file", settings)
        wait_for(self.bus_path.exists, "the bus")
        return end

    def avahi(self):
        settings = self.directory / "avahi.conf"
        settings.write_text(AVAHI)
        return self.run_beside("unshare", "--mount", "--propagation", "private", "sh", "-c", IN_ITS_OWN_RUN, "sh",
                               "avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "-f", settings)

    def joined(self, peer):
        return [row["url"] for row in peer.json("status")["trackers"] if row["connected"]]

    def test_a_peer_without_a_tracker_finds_one_and_says_which(self):
        self.bus()
        self.avahi()
        tracker = self.tracker("--listen", "0.0.0.0:0")
        wait_for(lambda: "tracker is announced" in tracker.text(), "the tracker is announced")
        one = self.peer("one", None, "--share", self.file("data/one.bin", 100_000))
        two = self.peer("two")
        wait_for(lambda: self.joined(one) and self.joined(two), "both joined")
        self.assertEqual(self.joined(one), [f"10.83.0.1:{tracker.port}"])
        self.assertIn("tracker is found on the local network name=\"shoal tracker on", one.text())
        self.wait_listed(two, "one.bin", seeders=1)

    def test_who_comes_first_does_not_matter(self):
        peer = self.peer("early", None, "--share", self.file("data/early.bin", 100_000))
        self.bus()
        self.avahi()
        tracker = self.tracker("--listen", "0.0.0.0:0")
        wait_for(lambda: self.joined(peer), "the peer joined", seconds=90)
        late = self.peer("late", tracker)
        self.wait_listed(late, "early.bin", seeders=1)

    def test_who_does_not_want_it_is_not_announced_and_finds_nothing(self):
        self.bus()
        self.avahi()
        open_one = self.tracker("--listen", "0.0.0.0:0", "--no-announce", name="silent")
        local = self.tracker(name="local")
        shown = self.tracker("--listen", "0.0.0.0:0", name="shown")
        wait_for(lambda: "tracker is announced" in shown.text(), "the tracker is announced")
        self.assertNotIn("announced", open_one.text())
        self.assertNotIn("announced", local.text())
        alone = self.peer("alone", None, "--no-discover")
        private = self.peer("private", None, "--key", self.key("key"))
        finder = self.peer("finder")
        wait_for(lambda: self.joined(finder), "the other peer joined")
        self.assertEqual(alone.json("status")["trackers"], [])
        self.assertEqual(private.json("status")["trackers"], [])

    def test_names_that_are_taken_get_a_number(self):
        self.bus()
        end_avahi = self.avahi()
        trackers = [self.tracker("--listen", "0.0.0.0:0", name=f"tracker{i}") for i in range(2)]
        for one in trackers:
            wait_for(lambda: "tracker is announced" in one.text(), "the tracker is announced")
        self.assertIn("#2", trackers[0].text() + trackers[1].text())
        # A daemon that comes back is told again.
        end_avahi()
        told = [one.text().count("tracker is announced") for one in trackers]
        self.avahi()
        for one, before in zip(trackers, told):
            wait_for(lambda: one.text().count("tracker is announced") > before, "announced again")


if __name__ == "__main__":
    unittest.main()
