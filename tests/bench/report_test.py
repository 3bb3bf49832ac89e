"""What the bench says of its samples: medians, ratios, goals, quietness, tables and JSON lines."""
import importlib.util
import json
import os
import pathlib
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "bench"), str(ROOT / "tests/integration")]
if importlib.util.find_spec("matplotlib") is None:
    # tools/bench installs it; the pictures are not what is tested here.
    sys.modules["plots"] = types.ModuleType("plots")

import goals
import machine
from problem import Problem
from report import Report, cells, markdown_table, number
from suite import Suite


class GoalsTest(unittest.TestCase):
    def test_bounds_are_met_when_reached(self):
        self.assertTrue(goals.met(0.95, "≥ 0.95"))
        self.assertFalse(goals.met(0.949, "≥ 0.95"))
        self.assertTrue(goals.met(64, "≤ 64 MiB"))
        self.assertFalse(goals.met(64.1, "<= 64"))

    def test_what_is_no_goal_is_refused(self):
        for text in ("0.95", "≥", "= 3", "≥ 1.2.3"):
            with self.assertRaises(ValueError):
                goals.met(1, text)


class SuiteTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name) / "report"
        self.suite = Suite(ROOT, quick=False)
        self.report = Report(self.directory, self.suite, [("processor", "P")], [("rival", "1.0")])
        self.report.begin("speed", "a title", "a text")

    def test_a_row_is_the_median_and_its_ratio_decides(self):
        row = self.suite.row("RAM", "node", "rate", [300, 100, 180], "MB/s", goal="≥ 0.95", limit=200)
        self.assertEqual((row["value"], row["ratio"], row["met"]), (180, 0.9, False))

    def test_without_a_limit_the_median_decides(self):
        self.assertTrue(self.suite.row("RAM", "node", "memory", iter([50, 60]), "MiB", goal="≤ 64 MiB")["met"])
        self.assertIsNone(self.suite.row("RAM", "node", "memory", [50], "MiB")["met"])

    def test_no_sample_is_a_problem(self):
        with self.assertRaisesRegex(Problem, "RAM node rate"):
            self.suite.row("RAM", "node", "rate", [], "MB/s")

    def test_subjects_take_turns(self):
        order = []
        results = self.suite.alternate({name: lambda name=name: order.append(name) or len(order) for name in "ab"}, 2)
        self.assertEqual(order, list("abab"))
        self.assertEqual(results, {"a": [1, 3], "b": [2, 4]})

    def test_a_busy_machine_makes_the_row_of_that_subject_not_quiet(self):
        self.suite.busy = {"node": 0.2, "rsync": 0.0}
        self.assertFalse(self.suite.row("RAM", "node", "rate", [1], "MB/s")["quiet"])
        self.assertTrue(self.suite.row("RAM", "rsync", "rate", [1], "MB/s")["quiet"])
        self.assertFalse(self.suite.row("RAM", "node / rsync", "ratio", [1], "")["quiet"])

    def test_missing_rivals_are_left_out(self):
        self.suite.rivals = {"there": types.SimpleNamespace(name="there", available=lambda: True),
                             "gone": types.SimpleNamespace(name="gone", available=lambda: False)}
        self.assertEqual([rival.name for rival in self.suite.available("gone", "there")], ["there"])

    def test_the_report_has_rows_and_missed_goals(self):
        self.suite.row("RAM", "node", "rate", [180], "MB/s", goal="≥ 0.95", limit=200)
        self.suite.row("RAM", "a | b", "rate", [200], "MB/s")
        self.report.end(1, 2)
        also = self.directory.parent / "also.jsonl"
        self.report.write(also)
        rows = [json.loads(line) for line in also.read_text().splitlines()]
        self.assertEqual([(row["benchmark"], row["value"], row["met"]) for row in rows],
                         [("speed", 180, False), ("speed", 200, None)])
        self.assertEqual(also.read_text(), (self.directory / "results.jsonl").read_text())
        text = (self.directory / "report.md").read_text()
        self.assertIn("## Missed goals\n\n| benchmark |", text)
        self.assertIn("| RAM | node | rate | 180 MB/s | once | 0.900 | ≥ 0.95 ✗ MISSED | yes |", text)
        self.assertIn("a \\| b", text)


class TextTest(unittest.TestCase):
    def test_numbers_keep_what_matters(self):
        self.assertEqual([number(value) for value in (0, 7.0, 0.12345, 12.348, 123.46, 1234.5, 1234567)],
                         ["0", "7", "0.123", "12.35", "123.5", "1 234", "1 234 567"])

    def test_a_table_has_a_row_per_row(self):
        self.assertEqual(markdown_table([[1, 2]], ["a", "b"]), "| a | b |\n| --- | --- |\n| 1 | 2 |")


class MachineTest(unittest.TestCase):
    def test_the_work_of_children_that_ended_counts(self):
        before = machine.tree_cpu_seconds(os.getpid())
        run = machine.Run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], 60)
        self.assertEqual(run.code, 0)
        self.assertGreaterEqual(run.cpu_seconds, 0.3)
        self.assertGreaterEqual(machine.tree_cpu_seconds(os.getpid()) - before, 0.25)


if __name__ == "__main__":
    unittest.main()
