from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mmexp.config.compose import compose
from mmexp.error import FITS, Stopped
from mmexp.launcher import shared
from mmexp.launcher.base import Launcher, Report
from mmexp.launcher.shared import complete
from mmexp.run.sweep import SweepFolder
from mmexp.runner.jobs import Job

GONE = 2**22 + 1  # a process that there cannot be


class Acts(Launcher):
    """Ends each job as its script says; once that is used up, well."""

    script: dict[str, list[tuple[str, str, int]]]

    def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
        self.rounds = [*getattr(self, "rounds", []), [job.label for job in jobs]]
        for job in jobs:
            if not job.is_free:
                continue
            ends = self.script.get(job.label)
            end = ends.pop(0) if ends else ("done", "", 0)
            claim = job.record.claim(job.retry) if job.record else None
            assert claim is not None
            with claim.held:
                claim.end(end[0], end[1], 1.0, end[2])
            job.refresh()
            report(job)
            if self.fail_fast and job.status == "failed":
                return


Make = Callable[..., tuple[SweepFolder, list[Job]]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    sweep = SweepFolder(tmp_path / "sweep-1")
    (sweep.path / "jobs").mkdir(parents=True)

    def made(*labels: str) -> tuple[SweepFolder, list[Job]]:
        found: Any = [
            Job(one, compose(["training.batch_size=4"]), [], record=sweep.add([one], {"label": one}, ""))
            for one in labels
        ]
        return sweep, found

    return made


def acts(script: dict[str, list[tuple[str, str, int]]] | None = None, **options: Any) -> Acts:
    launcher = Acts(**options)
    launcher.script = script or {}
    return launcher


def test_each_job_is_launched_until_it_has_ended_and_no_more(make: Make):
    sweep, jobs = make("a", "b")
    jobs[0].record.close(GONE, "done", "", 1.0)
    launcher = acts()
    complete(launcher, sweep, jobs)
    assert launcher.rounds == [["b"]] and [job.status for job in jobs] == ["done", "done"]


@pytest.mark.parametrize(
    ("ends", "retries", "status", "tries"),
    [
        ([("failed", "oops", 1)], 0, "failed", 1),
        ([("failed", "oops", 1)], 1, "done", 2),
        ([("killed", "SIGKILL", 1), ("failed", "oops", 5)], 2, "done", 3),
        ([("killed", "SIGKILL", 1)], 0, "killed", 1),
        ([("failed", "no such column", 3)], 5, "failed", 1),
        ([("failed", "It took longer than 2 s.", 143)], 5, "failed", 1),
        ([("stopped", "", 143)], 5, "stopped", 1),
        ([("failed", f"Training: {FITS}, got 8 GiB", 5)] * 2, 0, "done", 3),
        ([("failed", f"Training: {FITS}, got 8 GiB", 5)] * 9, 0, "failed", 3),
    ],
)
def test_what_fails_for_a_reason_that_may_pass_is_tried_again(
    make: Make, ends: list[tuple[str, str, int]], retries: int, status: str, tries: int
):
    sweep, jobs = make("a", "b")
    launcher = acts({"a": ends}, retries=retries)
    complete(launcher, sweep, jobs)
    assert jobs[0].record is not None and len(jobs[0].record.attempts) == tries
    assert [job.status for job in jobs] == [status, "done"]


def test_what_has_failed_before_is_trained_again_only_if_that_is_asked_for(make: Make):
    sweep, jobs = make("a")
    jobs[0].record.close(GONE, "failed", "oops", 1.0, 3)
    complete(acts(), sweep, jobs)
    assert jobs[0].status == "failed"
    jobs[0].retry = True
    complete(acts(), sweep, jobs)
    assert jobs[0].status == "done"


def test_with_fail_fast_it_ends_after_a_failure_of_its_own(make: Make):
    sweep, jobs = make("a", "b")
    jobs[1].record.close(GONE, "killed", "before", 1.0)
    complete(acts({"a": [("failed", "oops", 1)]}, fail_fast=True), sweep, jobs)
    assert [job.status for job in jobs] == ["failed", "killed"]


def test_a_job_that_another_process_has_is_waited_for_and_taken_over(make: Make, monkeypatch: pytest.MonkeyPatch):
    sweep, jobs = make("a", "b")
    attempt = jobs[0].record.path / "attempt-01.json"
    attempt.write_text(json.dumps({"pid": 7, "host": "other", "boot": "another", "locked": True}))
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(shared.time, "sleep", lambda seconds: os.utime(attempt, (1, 1)))
    complete(launcher := acts(), sweep, jobs, lambda job: said.append((job.label, f"{job.status} {job.reason}")))
    assert launcher.rounds == [["b"], ["a"]] and [job.status for job in jobs] == ["done", "done"]
    assert said == [("b", "done "), ("a", "running by 7 on other"), ("a", "done ")]


def test_a_launcher_that_trains_in_this_process_is_written_down_for(make: Make, tmp_path: Path):
    class Here(Launcher):
        def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
            (path := tmp_path / "x/20260101-000000-abcd").mkdir(parents=True)
            jobs[0].status, jobs[0].path, jobs[0].seconds = "done", path, 2.0

    sweep, jobs = make("a")
    complete(Here(), sweep, jobs)
    assert jobs[0].record is not None and jobs[0].record.run is not None
    assert (jobs[0].record.state().status, jobs[0].record.state().seconds) == ("done", 2.0)


def test_a_launcher_that_starts_nothing_is_not_asked_for_ever(make: Make):
    class Idle(Launcher):
        def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
            return None

    sweep, jobs = make("a")
    complete(Idle(), sweep, jobs)
    assert jobs[0].status == "waiting"


def test_a_sweep_that_is_to_stop_says_how_far_it_is(make: Make):
    sweep, jobs = make("a", "b")
    jobs[0].record.close(GONE, "done", "", 1.0)
    sweep.stop.touch()
    with pytest.raises(Stopped, match="stopped with 1 of 2 jobs done") as stop:
        complete(acts(), sweep, jobs)
    assert stop.value.exit_code == 143


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt(), 130), (Stopped("x"), 143)])
def test_a_launcher_that_is_interrupted_ends_the_sweep(make: Make, raised: BaseException, code: int):
    class Interrupted(Launcher):
        def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
            raise raised

    sweep, jobs = make("a")
    with pytest.raises(Stopped, match="stopped with 0 of 1 jobs done") as stop:
        complete(Interrupted(), sweep, jobs)
    assert stop.value.exit_code == code
