from __future__ import annotations

import pytest

from mmexp.error import (
    ConfigError,
    DataError,
    MmexpError,
    NumericsError,
    ResourceError,
    Stopped,
    nearest,
)


@pytest.mark.parametrize(
    ("kind", "code"),
    [(MmexpError, 1), (ConfigError, 2), (DataError, 3), (NumericsError, 4), (ResourceError, 5), (Stopped, 143)],
)
def test_each_kind_has_its_exit_code_and_carries_a_hint(kind, code):
    error = kind("what is wrong", hint="type this")
    assert isinstance(error, MmexpError)
    assert (error.exit_code, str(error), error.hint) == (code, "what is wrong", "type this")


def test_a_config_error_collects_all_problems():
    error = ConfigError(["first", "second"])
    assert error.problems == ["first", "second"] and str(error) == "first\nsecond"
    assert ConfigError("only").problems == ["only"]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"sample": "7", "path": "a.csv:3"}, "a.csv:3, sample 7: broken"),
        ({"sample": "7"}, "sample 7: broken"),
        ({"path": "a.csv"}, "a.csv: broken"),
        ({}, "broken"),
    ],
)
def test_a_data_error_names_file_and_sample(where, message):
    error = DataError("broken", **where)
    assert str(error) == message
    assert (error.sample, error.path) == (where.get("sample", ""), where.get("path", ""))


def test_the_nearest_name_is_offered_and_else_all_of_them():
    assert nearest("gatd", ["concat", "gated"]) == "Did you mean 'gated'?"
    assert nearest("xyz", ["gated", "concat"]) == "Choose one of: concat, gated."


def test_a_far_fetched_name_is_not_offered():
    assert nearest("early", ["late", "concat"]) == "Choose one of: concat, late."
    assert nearest("resnet", ["frames", "cnn"]) == "Choose one of: cnn, frames."


@pytest.mark.parametrize(
    ("typed", "choices", "hint"),
    [
        ("early", ["query", "late"], "Choose one of: late, query."),
        ("fusoin", ["fusion", "vision"], "Did you mean 'fusion'?"),
        ("trans", ["transformer", "tensor"], "Did you mean 'transformer'?"),
        ("lr", ["clip", "dim"], "Choose one of: clip, dim."),
        ("bert", ["text", "lstm"], "Choose one of: lstm, text."),
    ],
)
def test_only_what_is_near_is_suggested(typed, choices, hint):
    assert nearest(typed, choices) == hint


def test_of_very_many_names_only_the_nearest_are_listed():
    hint = nearest("nothing_like_it", [f"model{i}" for i in range(1300)])
    assert hint.startswith("Choose one of 1,300, such as: ") and hint.count("model") == 5
