from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main


@pytest.fixture
def quick(exported: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the graph that was exported before, and no time."""

    def written(model: Any, trial: Any, form: Any, place: Path) -> Any:
        shutil.copy(exported.run.path / "export/onnx/model.onnx", place)
        return exported.said

    monkeypatch.setattr("mmexp.deploy.quantize.write_graphs", written)
    monkeypatch.setattr("mmexp.deploy.quantize.timed", lambda graph, inputs, threads: {"p50_ms": 1.0, "p95_ms": 2.0})


@pytest.mark.usefixtures("quick")
def test_each_mode_stands_next_to_what_it_was_made_of(exported: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = exported.run
    assert main(["quantize", str(run.path)]) == 0
    assert "p95 ms" in capsys.readouterr().out
    plain, dynamic, weights = json.loads((run.study / "quantize.json").read_text())["ways"]
    assert [one["way"] for one in (plain, dynamic, weights)] == ["float32", "dynamic", "weights"] and plain["drop"] == 0
    assert dynamic["bytes"] < plain["bytes"] > weights["bytes"]
    summary = json.loads(run.summary.read_text())["metrics"]
    assert plain["value"] == pytest.approx(summary["test/accuracy"])
    assert {path.name for path in (run.path / "quantized").iterdir()} > {"dynamic", "weights", "quantize.json"}
    assert not (run.path / "quantized/float32").exists()


@pytest.mark.usefixtures("quick")
def test_a_drop_that_is_too_large_keeps_nothing(
    exported: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--mode", "weights", "--max-drop", "-1", "--to", str(tmp_path / "to"), "--json"]
    assert main(["quantize", str(exported.run.path), *words]) == 1
    assert "weights: drop of test/accuracy must be at most -1.0, got" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
