from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mmexp.error import ConfigError
from mmexp.inference.evaluate import measure
from mmexp.study.fairness import Fairness, by_group
from mmexp.study.scored import Scored
from mmexp.study.studied_run import StudiedRun


def scored(study: StudiedRun, name: str, right: int, size: int, patients: int = 0) -> Scored:
    rows: list[dict[str, Any]] = [
        {"id": f"{name}{i:03d}", "label": "a", "target": "a" if i < right else "b"}
        | ({"group": f"{name}-{i % patients}"} if patients else {})
        for i in range(size)
    ]
    metrics = {"test/accuracy": right / size, "test/ece": 1 - right / size, "test/auroc": float("nan")}
    return Scored(replace(study.run, metrics=metrics), rows)


@pytest.fixture
def found(study: StudiedRun) -> Fairness:
    sizes = {"ann": (90, 100), "bob": (30, 60), "cyd": (0, 5)}
    return Fairness(study, "speaker", {name: scored(study, name, *own) for name, own in sizes.items()})


def test_each_group_has_its_size_and_metrics_with_intervals(found: Fairness) -> None:
    plain = found.plain()
    assert [(name, one["samples"], one["small"]) for name, one in plain["groups"].items()] == [
        ("ann", 100, False),
        ("bob", 60, False),
        ("cyd", 5, True),
    ]
    own = plain["groups"]["ann"]["metrics"]["test/accuracy"]
    assert own["value"] == 0.9 and own["low"] < 0.9 < own["high"] and (own["over"], own["units"]) == ("samples", 100)
    assert next(iter(plain["groups"]["ann"]["metrics"])) == "test/accuracy"


def test_the_worst_gap_leaves_out_small_groups_and_goes_by_the_direction_of_the_metric(found: Fairness) -> None:
    accuracy, error = found.gap("test/accuracy"), found.gap("test/ece")
    assert accuracy is not None and (accuracy.best, accuracy.worst) == ("ann", "bob")
    assert accuracy.difference.value == pytest.approx(0.4) and accuracy.difference.interval is not None
    assert accuracy.difference.interval.low == pytest.approx(0.4 - 0.14, abs=0.03)
    assert error is not None and (error.best, error.worst) == ("ann", "bob") and error.difference.value > 0
    assert found.gap("test/auroc") is None, "it is defined in no group"


def test_groups_of_other_classes_are_said_and_small_ones_do_not_count(study: StudiedRun) -> None:
    scores = {"ann": scored(study, "ann", 90, 100), "cyd": scored(study, "cyd", 0, 5)}
    assert Fairness(study, "speaker", scores).is_of_same_classes
    scores["bob"] = scored(study, "bob", 60, 60)
    found = Fairness(study, "speaker", scores).plain()
    assert not found["same_classes"] and [one["classes"] for one in found["groups"].values()] == [2, 1, 1]


def test_a_gap_is_over_patients_where_each_group_has_three(study: StudiedRun) -> None:
    def gap(patients: int) -> str:
        scores = {name: scored(study, name, 30, 60, patients) for name in ("ann", "bob")}
        scores["bob"] = scored(study, "bob", 20, 60, patients)
        known = Fairness(study, "ward", scores).gap("test/accuracy")
        return known.difference.interval.over if known and known.difference.interval else ""

    assert [gap(1), gap(5)] == ["samples", "groups"]


def test_groups_are_evaluated_apart_and_an_empty_cell_is_one(study: StudiedRun) -> None:
    values = {sample.id: ("x", "", None)[i // 2] for i, sample in enumerate(study.samples)}
    known = by_group(study, "column", values)
    assert {name: known.size(name) for name in known.scores} == {"(empty)": 4, "x": 2}
    whole = measure(study.trained).metrics["test/accuracy"]
    parts = {name: one.metrics["test/accuracy"] or 0.0 for name, one in known.scores.items()}
    assert (parts["(empty)"] * 4 + parts["x"] * 2) / 6 == pytest.approx(whole)
    assert known.plain()["gaps"] == {}


@pytest.mark.parametrize("values", [{}, "one each"])
def test_a_column_must_make_some_groups(study: StudiedRun, values: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmexp.study.fairness.MOST", 5)
    given = {sample.id: sample.id for sample in study.samples} if values else {}
    with pytest.raises(
        ConfigError, match=rf"--group must be a column of 2 to 5 values in test, got {6 if values else 1}"
    ):
        by_group(study, "speaker", given)
