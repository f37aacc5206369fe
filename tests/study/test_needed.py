from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mmexp.study.contribution import Contribution
from mmexp.study.needed import by_class, by_sample, count_needed
from mmexp.study.scored import Scored
from mmexp.study.studied_run import StudiedRun

PLAYERS = ("image", "text")
TARGETS = ["a", "a", "b", "b", "b"]
LABELS = {
    PLAYERS: ["a", "a", "b", "b", "a"],
    ("image",): ["a", "b", "a", "b", "a"],
    ("text",): ["b", "b", "b", "b", "a"],
    (): ["b", "b", "a", "a", "a"],
}


@pytest.fixture
def found(study: StudiedRun) -> Contribution:
    def scored(labels: list[str]) -> Scored:
        rows: list[dict[str, Any]] = [
            {"id": f"s{i}", "label": label, "target": target}
            for i, (label, target) in enumerate(zip(labels, TARGETS, strict=True))
        ]
        right = sum(row["label"] == row["target"] for row in rows) / len(rows)
        return Scored(replace(study.run, metrics={"test/accuracy": right}), rows[::-1])

    return Contribution(study, PLAYERS, {"missing": {key: scored(labels) for key, labels in LABELS.items()}})


def test_a_sample_needs_what_it_is_wrong_without(found: Contribution) -> None:
    rows = by_sample(found)
    assert [row["needed"] for row in rows] == [["image"], ["image", "text"], ["text"], [], None]
    assert rows[1]["shapley"] == {"image": 0.5, "text": 0.5} and rows[4]["shapley"] == {"image": 0, "text": 0}
    assert count_needed(rows) == {
        "image": 1,
        "image+text": 1,
        "text": 1,
        "none by itself": 1,
        "wrong with all": 1,
    }


def test_the_values_of_samples_average_to_those_of_the_metric(found: Contribution) -> None:
    whole = found.values(found.measured("missing"))
    rows = by_sample(found)
    for name, one in whole.items():
        assert sum(row["shapley"][name] for row in rows) / len(rows) == pytest.approx(one.value, abs=1e-9)


def test_the_values_of_a_class_add_up_to_its_recall(found: Contribution) -> None:
    known = by_class(found)
    assert {name: one.samples for name, one in known.items()} == {"a": 2, "b": 3}
    assert sum(one.value for one in known["a"].shapley.values()) == pytest.approx(1.0 - 0.0)
    assert sum(one.value for one in known["b"].shapley.values()) == pytest.approx(2 / 3 - 0.0)


def test_rows_without_labels_have_neither(found: Contribution) -> None:
    (way,) = found.scores.values()
    bare = {key: replace(one, rows=[{"id": "s", "caption": "x", "references": ["x"]}]) for key, one in way.items()}
    other = replace(found, scores={"missing": bare}, study=replace(found.study, metric="test/bleu4"))
    assert by_class(other) == {} and by_sample(other) == [] and count_needed([{"id": "s"}]) == {}
