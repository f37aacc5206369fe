from __future__ import annotations

from types import SimpleNamespace

import pytest

from mmexp.cli._study import estimate, is_setting, named_runs, one_run, show, study_arguments, unit
from mmexp.error import ConfigError


def test_numbers_are_shown_with_their_intervals():
    plain = {"value": 0.8125, "low": 0.75, "high": 0.875, "over": "groups", "units": 7}
    assert estimate(plain) == "0.812 [0.750, 0.875]" and estimate(plain, interval=False) == "0.812"
    assert estimate({"value": 0.5}) == "0.500" and estimate({}) == "-"
    assert unit([{"value": 1}, plain]) == "95 % intervals over 7 groups" and unit([{"value": 1}]) == "no intervals"


@pytest.mark.parametrize(("word", "expected"), [("hardware=cpu", True), ("last", False), ("out/a=b/2025", False)])
def test_a_setting_is_told_from_a_run(word: str, expected: bool):
    assert is_setting(word) is expected


@pytest.mark.parametrize(("json", "out"), [(True, '{\n  "a": 1\n}\n'), (False, "table 1\n")])
def test_notes_of_the_data_stand_next_to_the_table_or_the_json(json: bool, out: str, capsys):
    show({"a": 1}, SimpleNamespace(json=json), ["2 rows left out"], lambda found: print("table", found["a"]))
    assert capsys.readouterr() == (out, "note: 2 rows left out\n")


def test_one_run_is_named(studied):
    with pytest.raises(ConfigError, match="RUN must be one run, got none"):
        one_run(study_arguments("contribution").read(["hardware=cpu"]))
    assert one_run(study_arguments("contribution").read([str(studied.path)])).id == studied.id


def test_runs_are_the_words_that_set_nothing(studied):
    given = study_arguments("missing").read([str(studied.path), "hardware=cpu", "--split", "val"])
    assert [folder.id for folder in named_runs(given)] == [studied.id] and given.split == "val"
    assert named_runs(SimpleNamespace(words=[studied.id], outputs=studied.path.parent.parent))[0].id == studied.id
