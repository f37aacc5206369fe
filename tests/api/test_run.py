from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import mmexp
from mmexp.error import ConfigError


@pytest.fixture(scope="module")
def outputs(make_lab: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs")
    make_lab(folder).train("fusion=gated", "training.epochs=1")
    return folder


def test_it_reads_what_the_run_has_written(outputs: Path):
    run = mmexp.load_run("last", outputs)
    assert run.status == "done" and run.id == run.folder.path.name
    assert run.config["training"]["batch_size"] == 3 and run.config["fusion"]["_target_"].endswith("GatedFusion")
    assert run.metrics.keys() >= {"val/accuracy", "test/accuracy", "test/loss"}


@pytest.mark.parametrize(("split", "first"), [("val", "s12"), ("test", "s18")])
def test_its_predictions_are_those_of_a_split(outputs: Path, split: str, first: str):
    rows = mmexp.load_run("last", outputs).predictions(split)
    assert len(rows) == 6 and rows[0]["id"] == first and rows[0]["label"] in ("r", "g", "b")


def test_predictions_of_a_split_that_was_not_evaluated_are_refused_with_those_that_are_there(outputs: Path):
    with pytest.raises(ConfigError, match="must be of a split that it was evaluated on, got 'train'") as caught:
        mmexp.load_run("last", outputs).predictions("train")
    assert caught.value.hint == "Choose one of: test, val."


def test_it_is_found_by_id_by_its_beginning_by_path_and_by_itself(
    outputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = mmexp.load_run("last", outputs)
    monkeypatch.chdir(outputs)
    assert mmexp.load_run("last", ".") == run, "The path is absolute, so that it holds in another folder."
    monkeypatch.chdir(tmp_path)
    found = [mmexp.load_run(run.id, str(outputs)), mmexp.load_run(run.id[:20], outputs), mmexp.load_run(run)]
    assert [*found, mmexp.load_run(os.fspath(run))] == [run] * 4


def test_a_run_that_is_not_there_is_a_config_error(tmp_path: Path):
    with pytest.raises(ConfigError, match=f"must name a run, got 'last' but {tmp_path} holds none"):
        mmexp.load_run("last", tmp_path)


def test_a_run_that_is_not_finished_has_no_metrics(outputs: Path, tmp_path: Path):
    path = tmp_path / "x" / "20250101-000000-0000"
    path.mkdir(parents=True)
    run = mmexp.load_run(path)
    assert (run.status, run.metrics) == ("broken", {})
