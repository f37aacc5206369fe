from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.run.folder import RunFolder

SMALL = ("inputs=[text]", "fusion=concat", "training.epochs=1")


@pytest.fixture(scope="module")
def runs(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, RunFolder]:
    lab = make_lab(tmp_path_factory.mktemp("cost") / "outputs")
    return lab.train(*SMALL), lab.train(*SMALL, "dim=4")


def test_a_smaller_run_stands_next_to_the_one_it_is_to_replace(
    runs: tuple[RunFolder, RunFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    teacher, student = runs
    assert main(["cost", str(teacher.path), str(student.path)]) == 0
    shown = capsys.readouterr().out
    assert teacher.id in shown and student.id in shown and "p50 ms" in shown and "6 test samples" in shown
    before, after = json.loads((teacher.study / "cost.json").read_text())["ways"]
    assert after["bytes"] < before["bytes"] and before["drop"] == 0
    for run, row in zip(runs, (before, after), strict=True):
        assert row["value"] == pytest.approx(json.loads(run.summary.read_text())["metrics"]["test/accuracy"])


def test_a_drop_that_is_too_large_fails(runs: tuple[RunFolder, RunFolder], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", *(str(run.path) for run in runs), "--max-drop", "-1"]) == 1
    assert "drop of test/accuracy must be at most -1.0" in capsys.readouterr().err


def test_one_run_alone_is_refused(runs: tuple[RunFolder, RunFolder], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", str(runs[0].path), "--json"]) == 2
    assert "cost: runs must be two or more, got 1." in capsys.readouterr().err
