from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.run.folder import RunFolder


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    lab = make_lab(tmp_path_factory.mktemp("quantize") / "outputs")
    return lab.train("inputs=[text]", "fusion=concat", "dim=32", "training.epochs=1")


def test_each_mode_stands_next_to_what_it_was_made_of(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxscript")
    monkeypatch.setattr("mmexp.deploy.quantize.timed", lambda graph, inputs, threads: {"p50_ms": 1.0, "p95_ms": 2.0})
    monkeypatch.setattr("mmexp.deploy.quantize.write_graphs", kept := Kept())
    assert main(["quantize", str(run.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    plain, dynamic, weights = found["ways"]
    assert [one["way"] for one in found["ways"]] == ["float32", "dynamic", "weights"] and plain["drop"] == 0
    assert dynamic["bytes"] < plain["bytes"] > weights["bytes"]
    assert {path.name for path in (run.path / "quantized").iterdir()} > {"dynamic", "weights", "quantize.json"}
    assert main(["quantize", str(run.path), "--mode", "weights", "--max-drop", "-1", "--to", str(run.path / "no")]) == 1
    assert "weights: drop of test/accuracy must be at most -1.0" in capsys.readouterr().err
    assert not (run.path / "no").exists() and kept.made


class Kept:
    """Write the graph of a run once, however often it is asked for."""

    def __init__(self) -> None:
        from mmexp.deploy.export import write_graphs

        self.write, self.made, self.record = write_graphs, b"", {}

    def __call__(self, model: Any, trial: Any, form: Any, place: Path) -> Any:
        if not self.made:
            self.record = self.write(model, trial, form, place)
            self.made = (place / "model.onnx").read_bytes()
        (place / "model.onnx").write_bytes(self.made)
        return self.record
