from __future__ import annotations

import json

import pytest

from mmexp.cli import main
from mmexp.cli.contribution import _dominance
from mmexp.run.study import read_study


def test_values_are_printed_and_written_with_those_of_each_sample(studied, capsys):
    assert main(["contribution", str(studied.path), "--absent", "missing,blank", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == read_study(studied, "contribution") and list(printed["absent"]) == ["missing", "blank"]
    rows = [json.loads(line) for line in (studied.study / "contribution.jsonl").read_text().splitlines()]
    assert len(rows) == printed["samples"] == 6 and sum(printed["needed"].values()) == 6
    for name, one in printed["absent"]["missing"]["shapley"].items():
        assert sum(row["shapley"][name] for row in rows) / 6 == pytest.approx(one["value"])


def test_the_table_says_whether_one_modality_dominates(studied, capsys):
    assert main(["contribution", str(studied.path), "--absent", "missing"]) == 0
    shown = capsys.readouterr().out
    assert "all less none" in shown and "needed by samples: " in shown
    assert "utilisation of " in shown


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (
            {"value": 0.5, "low": 0.4, "high": 0.6},
            "audio dominates: utilisation of audio less that of image: 0.500 [0.4",
        ),
        ({"value": 0.1, "low": -0.1, "high": 0.3}, "no modality dominates: "),
        ({"value": 0.1}, "utilisation of audio less that of image: 0.100, without an interval"),
    ],
)
def test_a_modality_dominates_beyond_chance_variation(difference, words):
    assert _dominance({"modality": "audio", "over": "image", "difference": difference}).startswith(words)
