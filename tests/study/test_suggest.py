from __future__ import annotations

import math

import pytest

from mmexp.error import ConfigError
from mmexp.study.suggest import rank, uncertainty

ROWS = [
    {"id": "sure", "label": "a", "scores": {"a": 0.9, "b": 0.05, "c": 0.05}},
    {"id": "two", "label": "a", "scores": {"a": 0.5, "b": 0.49, "c": 0.01}},
    {"id": "three", "label": "a", "scores": {"a": 0.4, "b": 0.3, "c": 0.3}},
]


@pytest.mark.parametrize(("by", "order"), [("margin", ["two", "three", "sure"]), ("entropy", ["three", "two", "sure"])])
def test_the_least_certain_come_first(by, order):
    assert [row["id"] for row in rank(ROWS, by)] == order


def test_margin_and_entropy_are_those_of_the_scores():
    assert uncertainty(ROWS[1], "margin") == pytest.approx(0.99)
    assert uncertainty({"scores": {"a": 0.5, "b": 0.5}}, "entropy") == pytest.approx(math.log(2))
    assert uncertainty({"scores": {"a": 1.0, "b": 0.0}}, "entropy") == 0


def test_of_several_labels_the_least_certain_one_counts_or_all_together():
    row = {"label": ["a"], "scores": {"a": 0.9, "b": 0.5}}
    assert uncertainty(row, "margin") == 1.0
    expected = math.log(2) - 0.9 * math.log(0.9) - 0.1 * math.log(0.1)
    assert uncertainty(row, "entropy") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rows", "by", "words"),
    [
        (ROWS, "luck", "--by must be one of margin, entropy, got 'luck'"),
        (
            [{"id": "x", "text": "a red ball"}],
            "margin",
            "must be of a task that scores classes, got predictions of id, t",
        ),
        (
            [{"scores": {"a": 0.3, "b": 0.2}}],
            "entropy",
            "must be margin where only the best 2 scores are kept, got 'ent",
        ),
    ],
)
def test_what_cannot_be_ranked_is_refused(rows, by, words):
    with pytest.raises(ConfigError, match=words):
        rank(rows, by)
