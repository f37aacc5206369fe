from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mmexp.analysis.why import explain
from mmexp.error import ConfigError
from mmexp.run.summary import RunRow

Run = Callable[..., RunRow]


@pytest.fixture
def run(make_row: Any) -> Run:
    """A finished run by its accuracy, its config, and what its provenance says."""

    def make(value: float, data: str = "ab", record: Any = None, right: int | None = None, **config: Any) -> RunRow:
        rows = [{"id": str(i), "label": int(i < right), "target": 1} for i in range(100)] if right else []
        row: RunRow = make_row(value, data=data, rows=rows)
        row.folder.path.mkdir(parents=True, exist_ok=True)
        row.folder.start.write_text(json.dumps({"sha256": "", "config": config}))
        known = {"fingerprint": data, "source": "s", **(record or {})}
        row.folder.manifest.write_text(json.dumps(known))
        return row

    return make


def kinds(a: RunRow, b: RunRow, *others: RunRow) -> list[tuple[str, str]]:
    return [(one.kind, one.what) for one in explain(a, b, others).causes]


def test_other_data_comes_first_and_nothing_is_measured_across_it(run: Run) -> None:
    a, b = run(0.5, seed=0, dim=8), run(0.9, data="cd", seed=0, dim=16)
    found = explain(a, b, [run(0.5, seed=1, dim=8)])
    assert [one.kind for one in found.causes] == ["data", "config"]
    assert found.noise is None and found.interval is None and "data" not in found.same


def test_chance_comes_before_a_change_if_seeds_vary_by_as_much(run: Run) -> None:
    a, b = run(0.50, seed=0, dim=8), run(0.52, seed=0, dim=16)
    others = [run(value, seed=i + 1, dim=8) for i, value in enumerate((0.45, 0.55, 0.60))]
    assert kinds(a, b, *others) == [("chance", "seed noise"), ("config", "dim")]
    assert "seeds of one config vary by 0.065 (n = 4)" in explain(a, b, others).causes[0].note


def test_a_change_comes_before_chance_if_seeds_vary_less(run: Run) -> None:
    a, b = run(0.50, seed=0, dim=8), run(0.9, seed=3, dim=16)
    others = [run(value, seed=i + 1, dim=8) for i, value in enumerate((0.49, 0.51))]
    found = explain(a, b, others)
    assert [(one.kind, one.what) for one in found.causes] == [("config", "dim"), ("chance", "seed")]
    assert found.plain()["seed_noise"]["runs"] == 3


def test_a_seed_alone_without_others_explains_but_not_how_much(run: Run) -> None:
    (found,) = explain(run(0.5, seed=0), run(0.6, seed=1), []).causes[:1]
    assert (found.kind, found.a, found.b) == ("chance", "0", "1")
    assert "vary by 0.071 (n = 2)" in found.note
    (other, _) = explain(run(0.5, seed=0, dim=8), run(0.6, seed=1, dim=16), []).causes[::-1]
    assert "not known" in other.note


def test_of_two_changes_the_one_that_did_it_elsewhere_comes_first(run: Run) -> None:
    a, b = run(0.5, seed=0, dim=8, tokenize="words"), run(0.8, seed=0, dim=16, tokenize="blanks")
    others = [run(0.79, seed=0, dim=8, tokenize="blanks"), run(0.5, seed=0, dim=16, tokenize="words")]
    found = [one for one in explain(a, b, others).causes if one.kind == "config"]
    assert [one.what for one in found] == ["tokenize", "dim"]
    assert found[0].note == "by itself +0.295 in 2 pair(s) of other runs"


def test_too_few_samples_are_chance(run: Run) -> None:
    a, b = run(0.50, right=50, dim=8), run(0.52, right=52, dim=16)
    found = explain(a, b, [])
    assert (found.causes[0].kind, found.causes[0].what) == ("chance", "samples of the split")
    assert found.plain()["interval"]["over"] == "samples"
    assert kinds(a, run(0.9, right=90, dim=16)) == [("config", "dim")]


def test_code_packages_and_hardware_follow_in_this_order(run: Run) -> None:
    record = {"source": "t", "python": "3.12", "cpu": {"model": "Y"}}
    assert [kind for kind, _ in kinds(run(0.5, dim=8), run(0.6, dim=9, record=record))] == [
        *("config", "code", "packages", "hardware")
    ]


def test_another_fold_is_other_data(run: Run) -> None:
    assert kinds(run(0.5, fold="a"), run(0.6, fold="b")) == [("data", "fold")]


def test_a_metric_that_both_lack_is_refused(run: Run) -> None:
    with pytest.raises(ConfigError, match="--metric must be one that both runs have, got 'test/f1'"):
        explain(run(0.5), run(0.6), [], "test/f1")


def test_runs_without_a_result_are_compared_by_what_they_are(run: Run) -> None:
    found = explain(replace(run(0.5, dim=8), metrics={}), run(0.6, dim=16), [])
    assert found.metric == "" and found.difference is None and [one.what for one in found.causes] == ["dim"]
    assert found.plain()["metric"] is None
