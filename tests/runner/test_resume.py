from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from mmexp.cli._main import main
from mmexp.error import ConfigError
from mmexp.run import advice
from mmexp.run.folder import RunFolder


@pytest.fixture(scope="module")
def stopped(make_lab: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, RunFolder]:
    """A run that was stopped, after one epoch of three, with its lab."""
    lab = make_lab(tmp_path_factory.mktemp("resume"))
    folder = lab.train("training.epochs=1", "optimizer.lr=0.01")
    folder.manifest.write_text(json.dumps(json.loads(folder.manifest.read_text()) | {"status": "stopped"}))
    return lab, folder


def resume(lab: Any, folder: RunFolder, *words: str) -> RunFolder:
    from rich.console import Console

    from mmexp.config.compose import compose
    from mmexp.runner.run import run_training

    config = compose([f"resume={folder.path}", *words])
    return run_training(config, ["mmexp", "train", *config.words], Console(file=lab.screen, width=1000))


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("fusion=gated", "fusion._target_ from mmexp.fusion.concat.ConcatFusion to mmexp.fusion.gated.GatedFusion"),
        ("optimizer=sgd", "optimizer.lr from 0.01 to 0.05"),
        ("hardware=ddp", "hardware.devices from nothing to 2"),
        ("training.batch_size=4", "training.batch_size from 3 to 4"),
        ("~callback", "nothing"),
    ],
)
def test_what_is_typed_with_resume_is_refused_with_what_it_would_change(stopped: Any, word: str, change: str) -> None:
    lab, folder = stopped
    with pytest.raises(ConfigError, match="resume takes the config of its run as it is, got") as caught:
        resume(lab, folder, word)
    assert f"got {word}." in caught.value.problems[0]
    assert f"It would change {change}." in caught.value.problems
    assert caught.value.hint == f"Run: mmexp train resume={folder.path}"


def test_it_is_refused_for_a_run_that_is_done_as_well(stopped: Any) -> None:
    lab, folder = stopped
    before = folder.manifest.read_text()
    folder.manifest.write_text(json.dumps(json.loads(before) | {"status": "done"}))
    with pytest.raises(ConfigError, match=r"got fusion=sum\."):
        resume(lab, folder, "fusion=sum")
    folder.manifest.write_text(before)


def edit(folder: RunFolder, section: str, key: str, value: object) -> str:
    before = folder.config.read_text()
    root = yaml.safe_load(before)
    (root[section] if section else root)[key] = value
    folder.config.write_text(yaml.safe_dump(root))
    return before


def test_an_edited_config_that_would_change_the_model_is_refused(stopped: Any) -> None:
    lab, folder = stopped
    before = edit(folder, "", "dim", 4)
    with pytest.raises(
        ConfigError, match="model must be the one that the run began with, got dim from 8 to 4"
    ) as caught:
        resume(lab, folder)
    folder.config.write_text(before)
    cure = "Set dim to 8 in config.yaml again; or train a new run with it."
    assert caught.value.hint == f"{cure}\nRun: mmexp train --config {folder.path}"


def test_any_other_edit_of_the_config_is_shown(stopped: Any, tmp_path: Path) -> None:
    lab, folder = stopped
    copy = RunFolder(tmp_path / "outputs" / "x" / folder.id)
    shutil.copytree(folder.path, copy.path)
    edit(copy, "optimizer", "lr", 0.5)
    edit(copy, "training", "epochs", 2)
    resume(lab, copy)
    assert "config.yaml was edited: optimizer.lr from 0.01 to 0.5." in lab.said
    assert "config.yaml was edited: training.epochs from 1 to 2." in lab.said


def test_a_run_whose_data_lies_elsewhere_says_where_to_resume_it(
    make_lab: Any, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away, here = tmp_path / "my work", tmp_path / "here"
    away.mkdir()
    here.mkdir()
    shutil.copytree(tiny, away / "data")
    monkeypatch.chdir(away)
    lab = make_lab(Path("outputs"))
    folder = lab.train("dataset.root=data", "training.epochs=1")
    folder.manifest.write_text(json.dumps(json.loads(folder.manifest.read_text()) | {"status": "stopped"}))
    monkeypatch.chdir(here)
    with pytest.raises(ConfigError, match=r"dataset\.root must exist in the working directory, as it") as caught:
        resume(lab, folder)
    step, line = caught.value.hint.removeprefix("Run: ").split(" && ")
    monkeypatch.chdir(shlex.split(step)[1])
    assert main(shlex.split(line)[1:]) == 0
    assert json.loads(folder.manifest.read_text())["status"] == "done"

    monkeypatch.chdir(here)
    before = json.loads(folder.summary.read_text())["metrics"]
    capsys.readouterr()
    assert main(shlex.split(advice.on_runs("test", [folder], "--json"))[1:]) == 0
    found = json.loads(capsys.readouterr().out)["metrics"]
    assert found["test/accuracy"] == pytest.approx(before["test/accuracy"])
