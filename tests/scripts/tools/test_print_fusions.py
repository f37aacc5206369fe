from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

from mmexp.run.folder import RunFolder

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/tools/print_fusions.py"


def finish(outputs: Path, fusion: str, inputs: list[str], seed: int, accuracy: float) -> None:
    folder = RunFolder.create(outputs, "x")
    config = {"fusion": fusion, "inputs": inputs, "seed": seed, "task": "classification", "dataset": "scenes"}
    verdict = {"status": "done", "monitor": "val/accuracy", "mode": "max", "metrics": {"test/accuracy": accuracy}}
    costs = {"parameters": {"total": 1500, "trained": 1500}, "seconds": {"train": 2.0}}
    folder.summary.write_text(json.dumps({**verdict, **costs, "config": config, "fingerprint": "f"}))
    folder.metrics.write_text(json.dumps({"step": 100, "epoch": 1, "time": 1.0, "train/loss": 1.0}) + "\n")


def test_a_row_tells_mean_spread_margin_and_cost(tmp_path, capsys, monkeypatch):
    for seed in range(3):
        finish(tmp_path, "concat", ["image", "audio"], seed, 0.9 + seed / 100)
        finish(tmp_path, "none", ["image"], seed, 0.8 + seed / 100)
        finish(tmp_path, "none", ["audio"], seed, 0.5)
    monkeypatch.setattr(sys, "argv", ["print_fusions.py", str(tmp_path / "x")])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    head, _, first, second, third = capsys.readouterr().out.splitlines()
    assert "accuracy" in head
    assert first.startswith("| concat | image+audio | 3 | 0.910 ± 0.010 | +0.100 [0.100, 0.100] | 2k | 20.0 |")
    assert second.startswith("| none | image |") and third.startswith("| none | audio |")


def test_unfinished_runs_are_left_out(tmp_path, capsys, monkeypatch):
    finish(tmp_path, "none", ["image"], 0, 0.5)
    RunFolder.create(tmp_path, "x")
    monkeypatch.setattr(sys, "argv", ["print_fusions.py", str(tmp_path / "x")])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize("folder", ["missing"])
def test_a_folder_must_be_there(tmp_path, monkeypatch, folder):
    monkeypatch.setattr(sys, "argv", ["print_fusions.py", str(tmp_path / folder)])
    with pytest.raises(FileNotFoundError, match=folder):
        runpy.run_path(str(SCRIPT), run_name="__main__")
