from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/tools/false_alarms.py"
MODULE = runpy.run_path(str(SCRIPT))
NUMBER = 300
MOST = 0.09  # of 300 comparisons at 5 %, with three standard errors

SLOW = ("F1", "500 samples", "data sets", "neighbour", "5 folds")
QUICK = [name for name in MODULE["USED"] if not any(word in name for word in SLOW)]


@pytest.mark.parametrize("name", QUICK)
def test_equals_are_rarely_distinguished(name):
    assert MODULE["rate"](MODULE["USED"][name], NUMBER) <= MOST


def test_an_interval_over_seeds_misses_new_speakers_where_one_over_speakers_does_not():
    seeds, speakers = (
        MODULE[table][name]
        for table, name in [
            ("UNUSED", "8 test groups, 5 seeds: over seeds alone"),
            ("USED", "8 test groups, 5 seeds: groups and seeds crossed"),
        ]
    )
    assert MODULE["rate"](seeds, NUMBER) > 0.2 > MOST > MODULE["rate"](speakers, NUMBER) > 0.01


@pytest.mark.parametrize("effect", [0.8, 1.2])
def test_the_number_of_seeds_said_to_be_needed_is_the_number_needed(effect):
    said, needed, power = MODULE["power"](effect, 200)
    assert abs(said / needed - 1) <= 0.2 and 0.7 < power < 0.95


def test_the_table_has_a_line_for_each_comparison(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["false_alarms.py", "--number", "20", "--only", "5 seeds: paired"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0].startswith("| comparison of equals")
        and lines[2].startswith("| 5 seeds: paired t | ")
        and len(lines) == 3
    )
