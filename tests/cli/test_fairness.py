from __future__ import annotations

import json

from mmexp.cli import main
from mmexp.cli.fairness import _print
from mmexp.run.study import read_study


def test_groups_are_printed_and_written(studied, capsys):
    assert main(["fairness", str(studied.path), "--group", "label", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == read_study(studied, "fairness") and set(printed["groups"]) == {"r", "g", "b"}
    assert main(["fairness", str(studied.path), "--group", "label"]) == 0
    shown = capsys.readouterr().out
    assert "r (small)" in shown and "no gap is given, as fewer than two groups have 20 samples" in shown


def test_the_worst_gap_is_shown_with_the_groups_it_is_between(capsys):
    def group(size, value):
        known = {"samples": size, "small": size < 20, "classes": size // 10}
        return {**known, "metrics": {"test/f1": {"value": value, "low": 0.4, "high": 0.9}}}

    groups = {"ann": group(50, 0.9), "bob": group(40, 0.6), "cyd": group(3, 0.0)}
    gap = {"best": "ann", "worst": "bob", "value": 0.3, "low": 0.1, "high": 0.5}
    _print({"column": "speaker", "small": 20, "same_classes": False, "groups": groups, "gaps": {"test/f1": gap}})
    shown = capsys.readouterr().out
    assert "worst gap in test/f1: 0.300 [0.100, 0.500], ann before bob" in shown
    assert "chosen as those furthest apart" in shown
    assert "the groups do not have the same classes (ann 5, bob 4): a metric that averages over classes" in shown
    assert "0.600 [0.400, 0.900]" in shown and "fewer than 20 samples, not in a gap: cyd" in shown


def test_a_column_must_be_there_and_named(studied, capsys):
    assert main(["fairness", str(studied.path), "--group", "speaker"]) == 2
    assert "column must be one of" in capsys.readouterr().err
    assert main(["fairness", str(studied.path)]) == 2
