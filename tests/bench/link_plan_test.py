"""What the bench makes of links that differ and change: rates, patterns, and the bound that follows from them."""
import math
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "bench")]

import link_plan

MBIT = 1_000_000 // 8  # bytes


class PlanTest(unittest.TestCase):
    def test_rates_are_numbers_or_several_of_one(self):
        self.assertEqual(link_plan.parse_rates("100,0.5,1x3"), [100, 0.5, 1, 1, 1])

    def test_a_pattern_says_whose_cable_is_out(self):
        plan = link_plan.flapping([20, 10], "A2,-1.5,B2,AB1")
        self.assertEqual(plan.phases, [(2, [0, 10]), (1.5, [20, 10]), (2, [20, 0]), (1, [0, 0])])
        self.assertEqual(plan.nominal, [20, 10])

    def test_a_pattern_names_only_sources_that_are_there(self):
        with self.assertRaises(ValueError):
            link_plan.flapping([20, 20], "C2")

    def test_rates_swap_in_a_round(self):
        self.assertEqual(link_plan.swapping([40, 2], 3).phases, [(3, [40, 2]), (3, [2, 40])])

    def test_steady_links_need_the_file_over_their_sum(self):
        plan = link_plan.steady([6, 4])
        plan.changes = [(100, 10)]
        self.assertAlmostEqual(plan.bound_seconds(50 * MBIT, 100), 5)

    def test_the_bound_counts_the_capacity_that_there_was(self):
        plan = link_plan.flapping([10, 10])
        plan.changes = [(0, 10), (2, 0), (5, 20), (6, 10)]
        # 20 Mbit until 2, none until 5, 20 until 6, then 10 a second.
        self.assertAlmostEqual(plan.bound_seconds(20 * MBIT, 0), 2)
        self.assertAlmostEqual(plan.bound_seconds(30 * MBIT, 0), 5.5)
        self.assertAlmostEqual(plan.bound_seconds(50 * MBIT, 0), 7)
        self.assertAlmostEqual(plan.bound_seconds(20 * MBIT, 1), 4.5)

    def test_links_that_stay_out_never_end(self):
        plan = link_plan.flapping([10, 10])
        plan.changes = [(0, 10), (1, 0)]
        self.assertEqual(plan.bound_seconds(20 * MBIT, 0), math.inf)


if __name__ == "__main__":
    unittest.main()
