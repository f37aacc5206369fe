from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mmexp.error import DataError
from mmexp.run.jsonfile import dumps, read_json, strict, write_json


def test_what_is_not_finite_becomes_null_at_any_depth(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"a": math.nan, "b": [math.inf, {"c": -math.inf}], "d": 1.5})
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {"a": None, "b": [None, {"c": None}], "d": 1.5}


def test_numbers_of_array_libraries_become_plain_ones() -> None:
    value = {"a": np.float32(0.5), "b": np.int64(3), "c": np.array([1.0, np.nan]), "d": np.float64("nan")}
    assert strict(value) == {"a": 0.5, "b": 3, "c": [1.0, None], "d": None}


def test_paths_tuples_and_odd_keys_have_a_json_form() -> None:
    assert strict({1: (Path("a/b"), True, None)}) == {"1": ["a/b", True, None]}


def test_something_without_a_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="value must be a number, text, list or mapping, got object"):
        strict({"a": object()})


def test_the_order_of_keys_is_kept_and_text_stays_readable() -> None:
    assert dumps({"b": "ä", "a": 1}) == '{\n  "b": "ä",\n  "a": 1\n}\n'


def test_half_a_character_pair_survives_the_round_trip(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"text": "a\ud800b"})
    assert read_json(tmp_path / "x.json") == {"text": "a\ud800b"}


def test_reading_turns_nan_into_none(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": NaN, "b": -Infinity}')
    assert read_json(tmp_path / "x.json") == {"a": None, "b": None}


@pytest.mark.parametrize(("text", "rule"), [("{nope", "must be JSON, got"), ("[1]", "must be a JSON object, got list")])
def test_a_broken_file_is_named(tmp_path: Path, text: str, rule: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match=rf"x\.json: file {rule}"):
        read_json(tmp_path / "x.json")
