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
    lab = make_lab(tmp_path_factory.mktemp("package") / "outputs")
    return lab.train("inputs=[text]", "fusion=concat", "training.epochs=1")


def test_a_package_takes_the_place_of_its_run(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["package", str(run.path), "--to", str(tmp_path / "model")]) == 0
    assert "model.safetensors" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    answers = []
    for place in (str(run.path), "model"):
        assert main(["predict", place, "text=a red thing", "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]


def test_json_is_what_the_package_says_of_itself(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["package", str(run.path), "--to", str(tmp_path / "model"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == json.loads((tmp_path / "model/package.json").read_text()) and said["run"] == run.id
