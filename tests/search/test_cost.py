from __future__ import annotations

import pytest

from mmexp.search.cost import Costs


def test_steps_cost_by_their_share_and_the_rest_at_any_length():
    costs = Costs()
    costs.add("film", share=0.5, seconds=7.0, train=5.0)
    assert (costs.of("film"), costs.of("film", 0.25)) == (12.0, 4.5)


def test_what_was_not_measured_costs_as_the_others_do_on_average():
    costs = Costs()
    assert costs.of("film") == 0
    for way, train in (("sum", 2.0), ("gated", 4.0)):
        costs.add(way, share=1.0, seconds=train + 1, train=train)
    assert costs.of("film") == 4.0 and costs.of("sum") == 3.0


def test_one_slow_run_does_not_count():
    costs = Costs()
    for seconds in (10.0, 11.0, 500.0):
        costs.add("sum", share=1.0, seconds=seconds, train=10.0)
    assert costs.of("sum") == pytest.approx(11.0)
