from __future__ import annotations

import json
import shlex
from inspect import signature
from pathlib import Path

import pytest

from mmexp.dataset.manifest import Manifest
from mmexp.run import advice
from mmexp.run.folder import RunFolder
from mmexp.run.start import write_start


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "my work").mkdir()
    monkeypatch.chdir(tmp_path / "my work")
    return tmp_path / "my work"


def made(outputs: Path | str, *plugins: str) -> RunFolder:
    folder = RunFolder.create(outputs, "x")
    folder.config.touch()
    write_start(folder, {"plugins": list(plugins)})
    return folder


def test_a_run_in_the_usual_place_is_named_by_its_id(here: Path) -> None:
    folder = made("outputs")
    assert advice.resume(folder) == f"mmexp train resume={folder.id}"
    assert advice.on_runs("test", [folder], "--json") == f"mmexp test {folder.id} --json"


def test_one_that_lies_elsewhere_is_named_by_its_path(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made("other runs")
    assert shlex.split(advice.resume(folder)) == ["mmexp", "train", f'resume="{folder.path}"']
    assert shlex.split(advice.on_runs("baselines", [folder])) == ["mmexp", "baselines", str(folder.path)]
    usual = made("outputs")
    monkeypatch.chdir(here.parent)
    assert shlex.split(advice.on_runs("test", [usual]))[2] == str(usual.path)


def test_the_plugins_of_a_run_are_typed_again(here: Path) -> None:
    one, two = made("outputs", "beta", "alpha"), made("outputs", "alpha")
    assert shlex.split(advice.resume(one))[-1] == "plugins=[alpha,beta]"
    assert shlex.split(advice.on_runs("baselines", [one, two]))[-1] == "plugins=[alpha,beta]"


def test_a_run_is_trained_again_without_its_checkpoints(here: Path) -> None:
    folder = made("outputs")
    words = shlex.split(advice.train_again(folder))
    assert words[:4] == ["rm", "-r", str(folder.checkpoints), "&&"] and words[-1] == f"resume={folder.id}"


def test_a_run_of_a_version_that_kept_no_start_has_no_plugins(here: Path) -> None:
    folder = RunFolder.create("outputs", "x")
    assert advice.resume(folder) == f"mmexp train resume={folder.id}"


def test_a_batch_without_room_is_tried_in_halves_with_as_many_samples_before_each_step(here: Path) -> None:
    folder = made("outputs")
    folder.manifest.write_text('{"command": ["mmexp", "train", "name=a b", "training.batch_size=12"]}')
    words = ["mmexp", "train", "name=a b", "training.batch_size=6", "training.accumulate=4"]
    assert shlex.split(advice.smaller_batch(folder, 12, 2).removeprefix("Run: ")) == words
    known, run = advice.smaller_batch(folder, 12, 2, fits=3).split("\n")
    assert known == "Of halves of the batch, the largest that fits has 3 samples."
    assert run.endswith("training.batch_size=3 training.accumulate=8")
    assert "a batch of one sample does not fit" in advice.smaller_batch(folder, 1, 1)


def test_the_table_that_a_run_was_trained_on_is_predicted_from_any_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made("outputs", "alpha")
    assert advice.predict(folder) == f"mmexp predict {folder.id} --help 'plugins=[alpha]'"
    write_start(folder, {"plugins": [], "dataset": {"root": "data", "manifest": "a b.csv"}})
    folder.manifest.write_text(json.dumps({"cwd": str(here)}))
    assert advice.predict(folder) == f"mmexp predict {folder.id} --help"
    (here / "data").mkdir()
    (here / "data" / "a b.csv").touch()
    assert advice.predict(folder) == f"mmexp predict {folder.id} 'data/a b.csv'"
    monkeypatch.chdir(here.parent)
    assert shlex.split(advice.predict(folder)) == ["mmexp", "predict", str(folder.path), str(here / "data" / "a b.csv")]


def test_a_table_that_is_not_named_is_found_by_its_usual_name(here: Path) -> None:
    assert signature(Manifest).parameters["manifest"].default == advice.MANIFEST
    folder = made("outputs", "alpha")
    (here / advice.MANIFEST).touch()
    write_start(folder, {"plugins": [], "dataset": {"sizes": [1]}})
    assert " --help" in advice.predict(folder)
    write_start(folder, {"plugins": [], "dataset": {"root": "."}})
    folder.manifest.write_text(json.dumps({"cwd": str(here)}))
    assert advice.predict(folder) == f"mmexp predict {folder.id} {advice.MANIFEST}"


def test_a_run_is_evaluated_again_without_its_summary_and_its_config_is_trained_anew(here: Path) -> None:
    folder = made("outputs", "alpha")
    assert advice.evaluate_again(folder).startswith(f"rm '{folder.summary}' && mmexp train resume={folder.id} ")
    assert shlex.split(advice.train_from(folder))[2:] == ["--config", str(folder.path), "plugins=[alpha]"]
