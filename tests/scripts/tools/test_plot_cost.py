from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from mmexp.run.folder import RunFolder

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/tools/plot_cost.py"


def finish(outputs: Path, fusion: str, inputs: list[str], accuracy: float) -> None:
    folder = RunFolder.create(outputs, "x")
    config = {"fusion": fusion, "inputs": inputs, "seed": 0, "task": "classification", "dataset": "scenes"}
    known = {"status": "done", "monitor": "val/accuracy", "mode": "max", "metrics": {"test/accuracy": accuracy}}
    folder.summary.write_text(json.dumps({**known, "seconds": {"train": 2.0}, "config": config, "fingerprint": "f"}))
    folder.metrics.write_text(json.dumps({"step": 100, "epoch": 1, "time": 1.0, "train/loss": 1.0}) + "\n")


def test_each_fusion_is_a_point_and_the_best_single_input_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    finish(tmp_path, "concat", ["image", "audio"], 0.9)
    finish(tmp_path, "gated", ["image", "audio"], 0.8)
    finish(tmp_path, "none", ["image"], 0.7)
    finish(tmp_path, "none", ["audio"], 0.5)
    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **settings: drawn.append(figure))
    monkeypatch.setattr(sys, "argv", ["plot_cost.py", str(tmp_path / "x"), str(tmp_path / "plot.png")])
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    runpy.run_path(str(SCRIPT), run_name="__main__")
    axes = drawn[0].axes[0]
    assert [text.get_text() for text in axes.texts] == ["concat", "gated", "image alone"]
    assert [float(points.lines[0].get_xdata()[0]) for points in axes.containers] == [20.0, 20.0]
    assert [float(points.lines[0].get_ydata()[0]) for points in axes.containers] == [0.9, 0.8]
