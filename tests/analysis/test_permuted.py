from __future__ import annotations

from dataclasses import replace
from typing import Any

from mmexp.analysis.permuted import permuted_weights

METRIC = "test/accuracy"


def runs(make_row: Any, *pairs: tuple[float, float]) -> Any:
    return [replace(make_row(own, seed=i), permuted={METRIC: other}) for i, (own, other) in enumerate(pairs)]


def test_a_loss_beyond_chance_means_that_the_weights_decide(make_row: Any) -> None:
    found = permuted_weights(runs(make_row, (0.9, 0.6), (0.91, 0.62), (0.89, 0.58)), METRIC, "max")
    assert found.startswith("weights decide: permuted among samples, test/accuracy is 0.600 in place of 0.900")
    assert "a loss of 0.300 [0.275, 0.325] (95 %)" in found


def test_less_is_better_where_the_metric_is_an_error(make_row: Any) -> None:
    pairs = (0.6, 0.9), (0.62, 0.91), (0.58, 0.89)
    assert permuted_weights(runs(make_row, *pairs), METRIC, "min").startswith("weights decide:")
    assert permuted_weights(runs(make_row, *pairs), METRIC, "max").startswith("weights are not shown to decide")


def test_a_loss_within_chance_shows_nothing(make_row: Any) -> None:
    found = permuted_weights(runs(make_row, (0.9, 0.89), (0.91, 0.92), (0.89, 0.89)), METRIC, "max")
    assert found.startswith("weights are not shown to decide anything")


def test_few_seeds_give_the_numbers_without_a_verdict(make_row: Any) -> None:
    found = permuted_weights(runs(make_row, (0.9, 0.6)), METRIC, "max")
    assert found == (
        "weights permuted among samples, test/accuracy is 0.600 in place of 0.900; "
        "3 seeds are needed to rule out chance variation"
    )
    assert permuted_weights(runs(make_row, (0.9, 0.9)), METRIC, "max").startswith("weights decide nothing here")


def test_runs_without_the_control_say_nothing(make_row: Any) -> None:
    assert permuted_weights([make_row(0.5)], METRIC, "max") == ""
