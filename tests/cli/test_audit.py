from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.run.folder import RunFolder
from mmexp.run.study import read_study


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("audit") / "outputs").train("training.epochs=1")


def test_the_attacks_are_printed_and_kept_with_the_run(run: RunFolder, capsys: pytest.CaptureFixture[str]):
    assert main(["audit", str(run.path)]) == 0
    shown = capsys.readouterr().out
    assert "loss_threshold" in shown and "lira_lite" in shown and "samples" in shown
    known = read_study(run, "audit")
    assert known is not None and known["samples"] == {"train": 6, "test": 6, "val": 6}
    assert main(["audit", str(run.path), "--samples", "4", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == read_study(run, "audit") and found["samples"]["train"] == 4
    assert found["command"][:2] == ["mmexp", "audit"]


def test_a_run_that_was_trained_privately_says_what_it_is_bound_by(run: RunFolder, capsys: pytest.CaptureFixture[str]):
    from mmexp.cli.audit import _show

    attack = {"rule": "x", **{name: {"value": 0.1} for name in ("advantage", "auroc", "tpr_at_1_percent_fpr")}}
    private = {"epsilon": None, "delta": 1e-5, "largest_advantage": 1.0}
    _show({"attacks": {"loss_threshold": attack}, "sentence": "s", "notes": [], "privacy": private})
    assert "epsilon infinite at delta 1e-05" in capsys.readouterr().out
