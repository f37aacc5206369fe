from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from mmexp.run.command import first_run, line, list_runs, override, quoted, setting, typed


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "runs/a-b.c+1",
        "two words",
        "a=b,c",
        'l\'été "x"',
        "end\\",
        "a\\'b",
        'a\\"',
        "#1 [x] {y}",
        "1e3",
        "12",
        "007",
        "null",
        "true",
    ],
)
def test_a_value_comes_back_from_hydra_and_the_shell_as_it_was(value: str) -> None:
    (_, word) = shlex.split(line(override("outputs", value)))
    parsed = OverridesParser.create().parse_override(word)
    assert (parsed.key_or_group, parsed.value()) == ("outputs", value)


def test_a_value_that_needs_no_quotes_has_none() -> None:
    assert override("resume", "20260102-030405-abcd") == "resume=20260102-030405-abcd"
    assert line("test", "a", "--json") == "mmexp test a --json"
    assert quoted("a b") == '"a b"'


def test_the_first_run_is_trained_where_one_was_looked_for() -> None:
    assert first_run("outputs") == "Run: mmexp train"
    assert first_run("my runs") == "Run: mmexp train 'outputs=\"my runs\"'"


@pytest.mark.parametrize(
    "value", [None, True, 1.5, ["007", 7, "a b", None], {"sky": ["road", False], "sea": "1e3"}, []]
)
def test_any_plain_value_comes_back_from_hydra_as_it_was(value: Any) -> None:
    assert OverridesParser.create().parse_override(f"key={typed(value)}").value() == value
    assert typed(["007", "x"]) == "[007,x]"


def test_a_setting_is_one_word_of_the_shell() -> None:
    assert setting("dataset.csv.delimiter", "semicolon") == "dataset.csv.delimiter=semicolon"
    (word,) = shlex.split(setting("dataset.inputs", {"image": None, "text": "my column's"}))
    parsed = OverridesParser.create().parse_override(word)
    assert (parsed.key_or_group, parsed.value()) == ("dataset.inputs", {"image": None, "text": "my column's"})


def test_the_runs_of_another_folder_are_listed_from_there() -> None:
    assert list_runs() == "mmexp runs"
    assert list_runs(Path("my runs")) == "mmexp runs --outputs 'my runs'"
