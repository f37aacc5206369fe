from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from mmexp.cli import main
from mmexp.cli.benchmark import run
from mmexp.error import ConfigError
from mmexp.launcher.local import LocalLauncher
from mmexp.run import summary
from mmexp.run.folder import RunFolder
from mmexp.run.sweep import sweeps
from mmexp.runner.jobs import Job


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the local launcher make up a run of each job, which takes a second; the labels of the jobs."""
    labels: list[str] = []

    def launch(self: LocalLauncher, jobs: Sequence[Job], report: Callable[[Job], None]) -> None:
        for job in jobs:
            root = job.config.plain()
            folder = RunFolder.create(root["outputs"], "x")
            own = {"inputs": root["inputs"] or ["image", "text"], "seed": root["seed"]}
            own |= {"tuned": root["tuned"]} if root["tuned"] else {}
            is_real = job.config.settings["fusion"] == "sum" and not root["control"]
            value = 0.9 if is_real else 0.5 + root["seed"] ** 2 / 1000
            known = {"monitor": "val/accuracy", "metrics": {"val/accuracy": value, "test/accuracy": value}}
            known |= {"alone": ["image", "text"], "anchor": None, "seconds": {"train": 0.5}, "fingerprint": "ab"}
            summary.write(folder, {"status": "done", **known, "config": {**job.config.settings, **own}})
            job.path, job.status, job.seconds = folder.path, "done", 1.0
            labels.append(job.label)

    monkeypatch.setattr(LocalLauncher, "launch", launch)
    return labels


def test_a_budget_ends_in_a_sentence_and_the_command_of_the_winner(lab, made_up, capsys):
    words = [*lab.overrides, "training.epochs=1", "--fusions", "sum,concat", "--budget", "22s", "--workers", "1"]
    assert main(["benchmark", *words]) == 0
    shown = capsys.readouterr().out
    (folder,) = sweeps(lab.overrides[-1].removeprefix("outputs="))
    assert "sum for once, to see what a run costs\n" in shown
    assert "rung 1 of 1: 2 fusion(s) and 2 input(s) alone, " in shown
    assert sum(line.startswith(" job ") for line in shown.splitlines()) == 1, "one table of the jobs of all rounds"
    assert "data: 12 train, 6 val, 6 test" in shown and folder.is_over()
    assert "classification on manifest" in shown and "Verdicts: " in shown and "\nwinner   " in shown
    assert "\n         mmexp train " in shown and f"compare {folder.path}" in shown
    assert 15 < len(made_up) <= 22
    before = len(made_up)
    assert main(["benchmark", str(folder.path)]) == 0
    assert len(made_up) == before and "\nwinner   " in capsys.readouterr().out


def test_words_are_needed():
    with pytest.raises(ConfigError, match="words must name the data, got none"):
        run([])
