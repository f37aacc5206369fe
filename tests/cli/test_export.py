from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main


def test_a_run_is_exported_with_what_makes_tensors_and_says_how_close_it_is(exported: Any) -> None:
    run, said = exported.run, exported.said
    place = run.path / "export/onnx"
    assert said["folder"] == str(place) and 0 <= said["error"] <= 1e-4
    assert said["graphs"] == [
        {"file": "model.onnx", "inputs": ["text.values", "text.mask"], "outputs": ["logits", "scores"]}
    ]
    assert [one["samples"] for one in said["compared"]] == [1, 2, 6]
    assert json.loads((place / "export.json").read_text())["compared"] == said["compared"]
    assert json.loads((run.study / "export.json").read_text()) == said
    assert b"deploy/graph.py" not in (place / "model.onnx").read_bytes()  # no place of this machine
    assert {path.name for path in place.iterdir()} > {"config.yaml", "facts.json", "tokenizer.json", "model.onnx"}


def test_a_graph_that_differs_is_not_kept(
    exported: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", str(exported.run.path), "--format", "torch", "--to", str(tmp_path / "to")]
    with monkeypatch.context() as patch:
        patch.setattr("mmexp.deploy.export.largest_error", lambda one, other: 0.001)
        assert main(words) == 1
    assert "largest absolute error must be at most 0.0001, got 0.001. Nothing is kept." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
