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
    lab = make_lab(tmp_path_factory.mktemp("prune") / "outputs")
    return lab.train("inputs=[text]", "fusion=concat", "training.epochs=1")


def test_the_result_is_tested_and_trained_from_as_a_run(
    run: RunFolder, lab: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prune", str(run.path), "--amount", "0.5"]) == 0
    shown = capsys.readouterr().out
    assert "before" in shown and "after" in shown and "zeros" in shown and str(run.path / "pruned") in shown
    found = json.loads((run.study / "prune.json").read_text())
    assert main(["test", str(run.path / "pruned"), "--json"]) == 0
    tested = json.loads(capsys.readouterr().out)["metrics"]["test/accuracy"]
    assert tested == pytest.approx(found["ways"][1]["value"])
    start = f"pretrained={run.path / 'pruned'}"
    assert lab.train("inputs=[text]", "fusion=concat", "training.epochs=1", start).summary.is_file()


def test_json_is_all_that_is_printed(run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prune", str(run.path), "--structured", "--to", str(tmp_path / "to"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["structured"] is True
