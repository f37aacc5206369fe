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
    lab = make_lab(tmp_path_factory.mktemp("export") / "outputs")
    return lab.train("inputs=[text]", "fusion=concat", "training.epochs=1")


def test_a_run_is_exported_compared_and_said(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxscript")
    assert main(["export", str(run.path)]) == 0
    shown = capsys.readouterr().out
    assert f"{run.path}/export/onnx/model.onnx: text.values, text.mask -> logits, scores" in shown
    found = json.loads((run.path / "export/onnx/export.json").read_text())
    assert 0 <= found["error"] <= 1e-4 and len({one["lengths"]["text"] for one in found["compared"]}) > 1
    assert json.loads((run.study / "export.json").read_text())["graphs"] == found["graphs"]
    assert (run.path / "export/onnx/tokenizer.json").is_file()


def test_a_graph_that_differs_is_not_kept(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mmexp.deploy.export.largest_error", lambda one, other: 0.001)
    assert main(["export", str(run.path), "--format", "torch", "--to", str(tmp_path / "to")]) == 1
    assert "largest absolute error must be at most 0.0001, got 0.001. Nothing is kept." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_json_is_all_that_is_printed(run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(run.path), "--format", "torch", "--to", str(tmp_path / "to"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["graphs"][0]["file"] == "model.pt2" and found["error"] == 0 and found["folder"] == str(tmp_path / "to")
