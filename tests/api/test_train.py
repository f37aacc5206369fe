from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import mmexp
from mmexp.error import ConfigError
from mmexp.run.jsonfile import read_json


@pytest.fixture
def words(make_lab: Callable, tmp_path: Path) -> list[str]:
    return [*make_lab(tmp_path / "outputs").overrides, "training.epochs=1"]


def test_it_trains_what_the_command_would(words: list[str], lab, capsys: pytest.CaptureFixture[str]):
    run = mmexp.train("fusion=sum", *words, quiet=True)
    assert capsys.readouterr().out == ""
    assert read_json(run.folder.manifest)["command"] == ["mmexp", "train", "fusion=sum", *words]
    typed = mmexp.load_run(lab.train("fusion=sum", "training.epochs=1").path)
    assert run.metrics == typed.metrics


def test_it_shows_its_progress_unless_quiet(words: list[str], capsys: pytest.CaptureFixture[str]):
    mmexp.train(*words)
    assert "val/accuracy" in capsys.readouterr().out


def test_it_starts_from_the_config_of_another_run(words: list[str], tmp_path: Path):
    first = mmexp.train("fusion=gated", *words, quiet=True)
    second = mmexp.train("seed=1", config=first, quiet=True)
    assert second.config["fusion"] == first.config["fusion"] and second.config["seed"] == 1
    assert read_json(second.folder.manifest)["command"][2:4] == ["--config", str(first.folder.path)]


def test_a_config_that_is_not_valid_is_refused_and_leaves_nothing(words: list[str], tmp_path: Path):
    with pytest.raises(ConfigError, match=r"fusion\.depht"):
        mmexp.train("fusion.depht=3", *words, quiet=True)
    assert not (tmp_path / "outputs").exists()


def test_baselines_are_refused_as_they_are_more_than_one_run(words: list[str]):
    with pytest.raises(ConfigError, match="baselines must be false, as one call trains one run, got true"):
        mmexp.train("baselines=true", *words, quiet=True)
