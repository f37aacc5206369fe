from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.run.folder import RunFolder
from mmexp.run.study import read_study

pytest.importorskip("captum")
pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def run(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_lab(tmp_path_factory.mktemp("explain") / "outputs").train("training.epochs=1")


def test_the_page_is_written_and_the_faithfulness_printed(run: RunFolder, capsys: pytest.CaptureFixture[str]):
    assert main(["explain", str(run.path), "--sample", "s18,s19", "--method", "occlusion", "hardware=cpu"]) == 0
    shown = capsys.readouterr().out
    assert "deletion, less random" in shown and shown.strip().endswith("explain.html")
    page = (run.study / "explain.html").read_text()
    assert page.count("<h3>occlusion</h3>") == 2 and "s18" in page


def test_typed_inputs_are_explained(run: RunFolder, tiny: Path, capsys: pytest.CaptureFixture[str]):
    words = [f"image={tiny / '0.png'}", "text=a red thing"]
    assert main(["explain", str(run.path), *words, "--method", "occlusion", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == read_study(run, "explain") and len(found["samples"]) == 1
    assert list(found["samples"][0]["attributions"]["occlusion"]["text"]) == ["a", "red", "thing"]
