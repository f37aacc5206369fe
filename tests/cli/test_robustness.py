from __future__ import annotations

import json

from mmexp.cli import main
from mmexp.cli.robustness import _print
from mmexp.run.study import read_study


def test_what_is_printed_is_written_next_to_the_curves(studied, capsys, unrendered):
    assert main(["robustness", str(studied.path), "--only", "noise,typos", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == read_study(studied, "robustness") and (studied.study / "robustness.png").exists()
    assert {(one["modality"], one["corruption"]) for one in printed["corruptions"]} == {
        ("image", "noise"),
        ("text", "typos"),
    }
    _print(printed)
    assert "effective: the same area less the metric at severity 0" in capsys.readouterr().out


def test_a_table_shows_the_severities_and_says_what_they_are_relative_to(studied, capsys, unrendered):
    words = ["robustness", str(studied.path), "--only", "noise", "--reference", str(studied.path)]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "image/noise" in shown and "image, mean" in shown and "all, mean" in shown
    assert "effective: the same area, from which that of the reference is taken" in shown
