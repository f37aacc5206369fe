from __future__ import annotations

import json
from typing import Any

import pytest

from mmexp.analysis.config_difference import config_difference
from mmexp.analysis.evidence import Evidence
from mmexp.run.summary import RunRow

METRIC = "test/accuracy"


@pytest.fixture
def run(make_row: Any) -> Any:
    """A finished run by its accuracy and its config."""

    def make(value: float, **config: Any) -> RunRow:
        row: RunRow = make_row(value)
        row.folder.path.mkdir(parents=True)
        row.folder.start.write_text(json.dumps({"sha256": "", "config": {"name": row.folder.id, **config}}))
        return row

    return make


def test_the_spread_over_seeds_is_pooled_over_both_configs(run: Any) -> None:
    rows = [
        run(value, dim=dim, seed=seed)
        for dim, values in ((8, (0.5, 0.7)), (16, (0.1, 0.2, 0.3)))
        for seed, value in enumerate(values)
    ]
    found = Evidence([*rows, run(0.9, dim=32, seed=0)], "ab", METRIC).seed_noise(rows[0], rows[2])
    assert found is not None
    assert found.deviation == pytest.approx(((0.02 + 0.02) / 3) ** 0.5) and (found.degrees, found.runs) == (3, 5)
    assert found.probability(0.0) == 1.0 > found.probability(0.1) > found.probability(0.9)


def test_a_repetition_of_one_seed_is_no_spread(run: Any) -> None:
    rows = [run(0.5, seed=0), run(0.7, seed=0)]
    assert Evidence(rows, "ab", METRIC).seed_noise(*rows) is None


def test_seeds_that_never_vary_make_any_difference_impossible(run: Any) -> None:
    rows = [run(0.5, seed=seed) for seed in range(3)]
    found = Evidence(rows, "ab", METRIC).seed_noise(rows[0])
    assert found is not None and (found.probability(0.0), found.probability(0.1)) == (1.0, 0.0)


def test_a_change_is_measured_in_pairs_that_differ_in_it_alone(run: Any) -> None:
    a, b = run(0.5, dim=8, tokenize=1, seed=0), run(0.9, dim=16, tokenize=2, seed=0)
    others = [
        run(0.6, dim=8, tokenize=2, seed=0),
        run(0.3, dim=8, tokenize=1, seed=1),
        run(0.4, dim=16, tokenize=1, seed=1),
    ]
    others = [*others, run(0.1, dim=16, tokenize=7, seed=1)]
    (factor,) = [one for one in config_difference(a.folder, b.folder) if one.key == "dim"]
    found = Evidence([a, b, *others], "ab", METRIC).effect(factor, a, b)
    assert found is not None and found.pairs == 2 and found.mean == pytest.approx((0.3 + 0.1) / 2)


def test_the_two_runs_are_no_evidence_for_themselves(run: Any) -> None:
    a, b = run(0.5, dim=8), run(0.9, dim=16)
    (factor,) = [one for one in config_difference(a.folder, b.folder) if one.key == "dim"]
    assert Evidence([a, b], "ab", METRIC).effect(factor, a, b) is None


def test_runs_on_other_data_or_without_a_config_are_no_evidence(run: Any, make_row: Any) -> None:
    rows = [run(0.5, seed=0), run(0.7, seed=1)]
    assert Evidence(rows, "other", METRIC).seed_noise(rows[0]) is None
    bare = [make_row(0.5), make_row(0.7)]
    assert Evidence(bare, "ab", METRIC).seed_noise(bare[0]) is None
