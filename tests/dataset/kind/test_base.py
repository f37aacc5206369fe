from __future__ import annotations

from typing import Any

import pytest

from mmexp.dataset.kind.base import describe, kind_of, kinds_of
from mmexp.dataset.table.reader import Record


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([1, 2.5], "vector"),
        ([[1, 2], [3, 4]], "vector"),
        ("[1, 2]", "vector"),
        ("[[1, 2]]", "vector"),
        ([1, None], "vector"),
        (["a", "b"], "text"),
        ('["a", "b"]', "text"),
        ("[sic] a text", "text"),
        (["a.png", "b.jpg"], "video"),
        (["a.png", "b.txt"], "text"),
        ("images/1.PNG", "image"),
        ("a/b.jpeg", "image"),
        ("sound.wav", "audio"),
        ("a.txt", "text"),
        ("a red ball", "text"),
        (3, "text"),
        (None, "text"),
    ],
)
def test_the_kind_is_told_by_what_a_value_looks_like(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


def test_a_name_that_is_a_kind_says_it_and_any_other_is_told_by_its_first_value() -> None:
    rows = [{"a": None, "b": "x.png"}, {"a": [1, 2], "b": "y.png"}, {"a": "z"}]
    records = [Record(str(n), f"m.jsonl:{n}", values) for n, values in enumerate(rows)]
    assert kinds_of({"left": "a", "front": "b", "text": "b"}, records) == {
        "left": "vector",
        "front": "image",
        "text": "text",
    }


def test_several_columns_are_one_row_of_a_table() -> None:
    assert kinds_of({"person": ["age", "city"], "tabular": "age"}, []) == {"person": "tabular", "tabular": "tabular"}


def test_items_and_the_ends_of_a_relation_are_symbols() -> None:
    assert kinds_of({"items": "seen", "head": "h"}, []) == {"items": "symbols", "head": "symbols"}
    assert describe("symbols", "seen", [["b", "a"], ["a"]], [["c"]]) == {"kind": "symbols", "symbols": ["a", "b"]}
    assert describe("text", "said", ["x"], ["x"]) == {"kind": "text"}
