from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mmexp.cli._sweep import run_baselines, run_jobs
from mmexp.config.compose import compose
from mmexp.launcher.local import LocalLauncher
from mmexp.runner.jobs import Job

if TYPE_CHECKING:
    from conftest import Lab


def test_jobs_are_shown_as_they_end_and_in_a_table(lab, in_process, capsys):
    words = [*lab.overrides, "training.epochs=1"]
    jobs = [Job(f"seed={seed}", compose([*words, f"seed={seed}"]), words) for seed in (0, 1)]
    assert run_jobs(LocalLauncher(workers=2), jobs) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("2 jobs, 2 at a time\n[1/2]  seed=0  done  val/accuracy ")
    assert all(job.folder and job.folder.id in shown for job in jobs)


def test_baselines_of_several_runs_are_trained_once(lab, in_process, capsys):
    folders = [lab.train("training.epochs=1", f"fusion={fusion}") for fusion in ("concat", "gated")]
    failed, found = run_baselines(folders, LocalLauncher())
    assert (failed, len(in_process), len(found)) == (0, 4, 4)
    assert {row.folder.name for row in found} == {folders[0].name}
    assert "there before" not in capsys.readouterr().out
    assert run_baselines(folders, LocalLauncher())[0] == 0 and len(in_process) == 4
    shown = capsys.readouterr().out
    assert shown.startswith("baselines that were there before: ") and shown.count(f"{folders[0].name}/") == 4


def test_a_baseline_that_fails_gives_the_exit_code(lab, monkeypatch):
    def launch(self, jobs, report):
        jobs[0].status = "failed"

    monkeypatch.setattr(LocalLauncher, "launch", launch)
    assert run_baselines([lab.train("training.epochs=1")], LocalLauncher()) == (1, [])


def test_a_secret_in_an_override_is_neither_on_the_screen_nor_on_disk(
    lab: Lab, in_process: list[Job], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tiny: Path
) -> None:
    """A sweep has no report of its own: what it leaves are the folders of its runs."""
    secret = "Zq7-hidden-9931"
    monkeypatch.setenv("MMEXP_API_KEY", secret)
    words = [*lab.overrides, "training.epochs=1", f"dataset.manifest={secret}.jsonl"]
    job = Job(words[-1], compose(words), words)
    (table := tiny / f"{secret}.jsonl").write_bytes((tiny / "manifest.jsonl").read_bytes())
    try:
        assert run_jobs(LocalLauncher(), [job]) == 0
    finally:
        table.unlink()

    def launch(self: LocalLauncher, jobs: list[Job], report: Callable[[Job], None]) -> None:
        job.status, job.reason = "failed", f"dataset.manifest must be a file, got {secret}"
        report(job)

    monkeypatch.setattr(LocalLauncher, "launch", launch)
    assert run_jobs(LocalLauncher(), [job]) == 1
    shown = capsys.readouterr()
    for line in (
        "dataset.manifest=REDACTED.jsonl  done",
        "must be a file, got REDACTED",
        "manifest=REDACTED.jsonl: see",
    ):
        assert line in shown.out
    assert secret not in shown.out + shown.err
    files = list(Path(lab.overrides[-1].partition("=")[2]).rglob("*"))
    assert len(files) > 10 and not [path for path in files if secret in path.name]
    assert not [path for path in files if path.is_file() and secret.encode() in path.read_bytes()]
