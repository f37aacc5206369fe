from __future__ import annotations

import json

from mmexp.cli import main
from mmexp.run.study import read_study


def test_groups_are_printed_and_written(studied, capsys):
    assert main(["fairness", str(studied.path), "--group", "label", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == read_study(studied, "fairness") and set(printed["groups"]) == {"r", "g", "b"}
    assert main(["fairness", str(studied.path), "--group", "label"]) == 0
    shown = capsys.readouterr().out
    assert "r (small)" in shown and "no gap is given, as fewer than two groups have 20 samples" in shown


def test_a_column_must_be_there_and_named(studied, capsys):
    assert main(["fairness", str(studied.path), "--group", "speaker"]) == 2
    assert "column must be one of" in capsys.readouterr().err
    assert main(["fairness", str(studied.path)]) == 2
