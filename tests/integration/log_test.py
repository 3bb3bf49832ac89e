"""The log is read by people, the day after."""
import re

from harness import SwarmTest


class LogTest(SwarmTest):
    def test_the_log_tells_the_story_of_a_day(self):
        tracker = self.tracker("--log-level", "info")
        a, b = self.peer("a", tracker, "--log-level", "info"), self.peer("b", tracker, "--log-level", "info")
        a.add(self.file("a tale.bin", 3_000_000))
        self.wait_listed(b, "a tale.bin")
        b.ok("download", "a tale.bin")
        a.ok("remove", "a tale.bin")
        a.terminate()
        b.terminate()
        for line in (a.text() + b.text()).splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ")
        story = r'.*name="a tale.bin" size="3.00 MB"'
        for log, words in ((a.text(), ("peer begins", "content is hashed" + story, "share is offered" + story,
                                       'share is removed name="a tale.bin"', "share is withdrawn" + story, "peer ends")),
                           (b.text(), ("download begins", "share is offered" + story, "download is complete" + story))):
            at = 0
            for text in words:
                found = re.compile(text).search(log, at)
                self.assertIsNotNone(found, f"{text} after {at} in {log}")
                at = found.end()


if __name__ == "__main__":
    import unittest
    unittest.main()
