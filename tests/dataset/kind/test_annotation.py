from __future__ import annotations

import math
from typing import Any

import pytest

from mmexp.dataset.kind.annotation import (
    read_anomaly,
    read_objects,
    read_score,
    read_symbol,
    read_symbols,
    read_tags,
    read_transcript,
    read_turns,
    read_words,
)


def test_words_are_a_list_or_a_text_that_is_split_at_blanks():
    assert read_words(["a", "b."]) == read_words("a b.") == read_words('["a", "b."]') == ["a", "b."]


@pytest.mark.parametrize("value", [3, ["a", ""], ["a", 3], {"a": 1}])
def test_what_is_no_list_of_words_is_refused(value):
    with pytest.raises(ValueError, match="must be a list of words, got"):
        read_words(value)


def test_tags_are_bio():
    assert read_tags("O B-x I-x") == ["O", "B-x", "I-x"]
    for wrong in ("PER", "B-", "o", "S-x"):
        with pytest.raises(ValueError, match=f"must be O, B-<type> or I-<type>, got '{wrong}'"):
            read_tags(["O", wrong])


def test_objects_keep_category_and_box_alone_and_there_may_be_none():
    given = [{"category": "cat", "bbox": [0, 1.5, 2, 3], "segmentation": [[1]], "id": 7}]
    assert read_objects(given) == [{"category": "cat", "bbox": [0, 1.5, 2, 3]}]
    assert read_objects([]) == [] and read_objects('[{"category": "a", "bbox": [1, 2, 3, 4]}]')[0]["category"] == "a"


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("cat", "must be a list of objects, got 'cat'"),
        ([{"bbox": [0, 0, 1, 1]}], "must have a category, a text, for each"),
        ([{"category": 3, "bbox": [0, 0, 1, 1]}], "must have a category, a text, for each"),
        (["cat"], "must have a category, a text, for each, got cat"),
        (
            [{"category": "a", "bbox": [0, 0, 1]}],
            r"must have a bbox of four numbers \[x, y, w, h\] for each, got \[0, 0, 1\]",
        ),
        ([{"category": "a", "bbox": [0, 0, True, 1]}], "must have a bbox of four numbers"),
        ([{"category": "a", "bbox": [0, 0, 0, 1]}], "finite numbers and a positive width and height"),
        ([{"category": "a", "bbox": [0, math.nan, 2, 1]}], "finite numbers and a positive width and height"),
    ],
)
def test_an_object_without_a_name_or_a_proper_box_is_refused(value: Any, rule: str):
    with pytest.raises(ValueError, match=rule):
        read_objects(value)


def test_a_score_is_a_finite_number():
    assert read_score(3) == read_score("3.0") == 3.0 and isinstance(read_score(3), float)
    for wrong in (True, "x", None, math.inf, [1]):
        with pytest.raises(ValueError, match="must be a finite number, got"):
            read_score(wrong)


def test_a_transcript_is_a_text():
    assert read_transcript("zero") == "zero"
    for wrong in (0, " ", ["zero"]):
        with pytest.raises(ValueError, match="must be a text, got"):
            read_transcript(wrong)


def test_a_symbol_is_a_text_or_a_number_and_a_row_of_them_a_list():
    assert read_symbols("new york") == ["new york"] and read_symbols('["a", 3]') == read_symbols(["a", 3]) == ["a", "3"]
    assert read_symbol(7) == "7"
    for wrong in ([], [" "], 1.5, None, ["a", ["b"]], True):
        with pytest.raises(ValueError, match="must be a symbol or a list of them, got"):
            read_symbols(wrong)
    with pytest.raises(ValueError, match=r"must be one symbol, got \['a', 'b'\]"):
        read_symbol(["a", "b"])


def test_turns_are_texts_in_order_and_a_plain_text_is_one_of_them():
    assert read_turns(["what is it", "a cube"]) == read_turns('["what is it", "a cube"]') == ("what is it", "a cube")
    assert read_turns("where is it") == ("where is it",)
    for wrong in (3, ["a", 3], ["a", " "], "", None):
        with pytest.raises(ValueError, match="must be a text or a list of turns, got"):
            read_turns(wrong)


def test_an_anomaly_is_told_by_zero_and_one_or_true_and_false():
    assert [read_anomaly(value) for value in (0, 0.0, False, "0", "False")] == [0] * 5
    assert [read_anomaly(value) for value in (1, 1.0, True, " 1 ", "true", "1.0")] == [1] * 6
    for wrong in (2, -1, "yes", 0.5, None, [1]):
        with pytest.raises(ValueError, match="must be 0, 1, true or false, got"):
            read_anomaly(wrong)
