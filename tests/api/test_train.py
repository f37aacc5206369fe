from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import mmexp
from mmexp.error import ConfigError, MmexpError
from mmexp.launcher.base import Report
from mmexp.launcher.local import LocalLauncher
from mmexp.run.jsonfile import read_json
from mmexp.runner.jobs import Job


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


@pytest.mark.parametrize("status", ["done", "failed"])
def test_baselines_are_trained_after_the_run_and_one_that_fails_is_raised(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: Any
):
    launched: dict[str, int] = {}

    def launch(self: LocalLauncher, jobs: Sequence[Job], report: Report) -> None:
        for job in jobs:
            launched[job.label] = self.workers
            job.status, job.reason = status, "boom" if status == "failed" else ""
            report(job)

    monkeypatch.setattr(LocalLauncher, "launch", launch)
    wanted = ["baselines=true", "launcher.workers=2", "inputs=[image,text]", *words]
    if status == "done":
        assert mmexp.train(*wanted).status == "done"
    else:
        rule = r"all baselines must be done, got image alone, seed 0 \(failed: boom\)"
        with pytest.raises(MmexpError, match=rule) as one:
            mmexp.train(*wanted)
        assert one.value.hint.startswith("Run: mmexp baselines ")
    assert launched == {f"{one}, seed 0": 2 for one in ("image alone", "text alone", "blank inputs", "shuffled inputs")}
    assert f"image alone, seed 0: {status}" in capsys.readouterr().out


def test_a_launcher_without_baselines_is_refused(words: list[str]):
    with pytest.raises(ConfigError, match="need -m or baselines=true, got launcher=local"):
        mmexp.train("launcher=local", *words, quiet=True)
