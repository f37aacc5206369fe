from __future__ import annotations

import json

from mmexp.cli import main
from mmexp.cli.robustness import _print, _print_shift
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


def test_attacks_are_shown_with_their_sizes_and_what_was_not_attacked(studied, capsys, unrendered):
    words = ["robustness", str(studied.path), "attack=[fgsm,pgd]", "attack.pgd.steps=2", "--only", "fgsm,pgd,typos"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "image/fgsm: epsilon 1, 2, 4, 8, 16 of 255" in shown and "image/pgd: epsilon 1, 2, 4, 8, 16 of 255" in shown
    assert "text is not attacked: its values, of kind text, are not continuous" in shown
    assert "means are over corruptions; attacks are left out of them" in shown and "image, mean" not in shown
    assert main(["robustness", str(studied.path), "attack=fgsm", "--only", "fgsm"]) == 0
    assert "image, mean" in capsys.readouterr().out
    assert main(["robustness", str(studied.path), "attack=cw"]) == 2
    assert "attack" in capsys.readouterr().err


def test_groups_seen_in_training_and_others_are_shown_next_to_one_another(capsys):
    parts = {name: {"value": 0.5, "samples": 3, "groups": 2} for name in ("seen", "unseen")}
    _print_shift({"column": "speaker", **parts, "loss": {"value": 0.0}})
    shown = capsys.readouterr().out
    assert "speaker, of training or not: 0.500 on 3 samples of 2 that it was trained on" in shown
    assert "loss on new groups: 0.000, no intervals; mmexp fairness has each group" in shown
