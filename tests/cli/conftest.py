from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mmexp.run import provenance as manifest
from mmexp.run import summary
from mmexp.run.folder import RunFolder

MakeRun = Callable[..., RunFolder]


@pytest.fixture
def in_process(lab: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the local launcher train in this process, without output; the labels of what it has trained."""
    from mmexp.launcher.local import LocalLauncher
    from mmexp.runner.jobs import Job
    from mmexp.runner.run import run_training

    trained: list[str] = []

    def launch(self: LocalLauncher, jobs: Sequence[Job], report: Callable[[Job], None]) -> None:
        for job in jobs:
            job.path = run_training(job.config, job.command, Console(file=io.StringIO())).path
            job.status, job.seconds = "done", 1.0
            trained.append(job.label)
            report(job)

    monkeypatch.setattr(LocalLauncher, "launch", launch)
    return trained


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRun:
    """Runs in ./outputs of an empty current folder, made up by their result."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mmexp.run.provenance.code_state", lambda folder: None)

    def make(
        value: float = 0.5, *, seed: int = 0, end: str = "done", reason: str = "", data: str = "ab", **config: Any
    ) -> RunFolder:
        folder = RunFolder.create("outputs", "x")
        config = {"task": "vqa", "dataset": "world", "fusion": "concat", "seed": seed} | config
        manifest.begin(folder, command=["mmexp", "train"], seed=seed, fingerprint=data, config=config)
        if end == "done":
            summary.write(
                folder,
                {
                    "status": "done",
                    "monitor": "val/accuracy",
                    "mode": "max",
                    "directions": {"test/f1": "max"},
                    "metrics": {"val/accuracy": value, "test/accuracy": value, "test/f1": value / 2},
                    "parameters": {"total": 12345, "trained": 12345},
                    "seconds": {"train": 61.0},
                    "config": config,
                    "fingerprint": data,
                },
            )
        if end != "killed":
            manifest.finish(folder, end, seconds=1.0, reason=reason)
        return folder

    return make


@dataclass(frozen=True)
class Exported:
    """A run of one epoch that reads texts alone, exported once for all tests.

    Args:
        run: The run.
        said: What ``mmexp export --json`` has printed.
    """

    run: RunFolder
    said: dict[str, Any]


@pytest.fixture(scope="session")
def exported(make_lab: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Exported:
    pytest.importorskip("onnxscript")
    from mmexp.cli import main

    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as out:
        patch.setattr("os.fsync", lambda handle: None)
        patch.setattr("matplotlib.figure.Figure.savefig", lambda figure, file, **options: None)
        lab = make_lab(tmp_path_factory.mktemp("exported") / "outputs")
        run = lab.train("inputs=[text]", "fusion=concat", "dim=32", "training.epochs=1")
        assert main(["export", str(run.path), "--json"]) == 0
    return Exported(run, json.loads(out.getvalue()))
