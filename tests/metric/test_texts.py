from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from mmexp.error import ConfigError
from mmexp.metric.texts import TextsMetric


class Count(TextsMetric):
    def update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.texts(rows)

    def compute(self) -> Tensor:
        return torch.zeros(())


def texts(*rows: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    return Count().texts(rows)


def test_references_are_one_text_or_several():
    assert texts({"reply": "a", "target": "b"}, {"reply": "c", "target": ["d", "e"]}) == [
        ("a", ("b",)),
        ("c", ("d", "e")),
    ]


def test_rows_without_references_are_left_out_and_empty_texts_are_not():
    found = texts(
        {"reply": "a"}, {"reply": "a", "target": None}, {"reply": "a", "target": []}, {"reply": "", "target": ""}
    )
    assert found == [("", ("",))]


def test_columns_are_those_of_the_task_unless_others_are_named():
    row = {"id": "s0", "caption": "a", "greedy": "b", "score": 0.5, "references": ["c"], "own": "d"}
    assert Count().texts([row]) == [("a", ("c",))]
    assert Count(preds="greedy", references="own").texts([row]) == [("b", ("d",))]


@pytest.mark.parametrize("preds", ["reply", None])
def test_a_column_that_is_not_there_is_named_with_those_that_are(preds):
    row = {"id": "s0", "score": 1.0, "target": "b"}
    with pytest.raises(ConfigError, match=f"must be a column of the prediction rows, got '{preds or ''}' of id, score"):
        Count(preds=preds).texts([row])


def test_named_references_that_are_not_there_are_refused_and_not_counted_as_none():
    row = {"id": "s0", "reply": "a", "target": "b"}
    with pytest.raises(ConfigError, match="references must be a column of the prediction rows, got 'captions' of id"):
        Count(references="captions").texts([row])


@pytest.mark.parametrize(
    "row", [{"reply": 3, "target": "a"}, {"reply": "a", "target": [3]}, {"reply": None, "target": ""}]
)
def test_a_column_of_anything_but_texts_is_refused(row):
    with pytest.raises(ConfigError, match=r"must hold texts, got (3|None)"):
        texts(row)
