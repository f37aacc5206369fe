from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from mmexp.run.folder import RunFolder
from mmexp.run.job import STOP, JobFolder
from mmexp.run.lease import boot
from mmexp.run.sweep import SweepFolder

WORDS = ["seed=1"]
GONE = 2**22 + 1  # a process that there cannot be


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    sweep = SweepFolder(tmp_path / "sweep-1")
    (sweep.path / "jobs").mkdir(parents=True)
    return sweep.add(WORDS, {"label": "seed=1", "key": "k"}, "seed: 1\n")


def leave_dead(job: JobFolder, number: int, **other: object) -> None:
    """An attempt of a process that is gone."""
    who = {"pid": GONE, "host": "here", "boot": boot(), "locked": True, **other}
    (job.path / f"attempt-{number:02d}.json").write_text(json.dumps(who))


def test_a_job_waits_until_it_is_claimed_and_has_ended_once(job: JobFolder):
    assert (job.state().status, job.is_free()) == ("waiting", True)
    claim = job.claim()
    assert claim is not None and job.state().status == "running" and f"by {os.getpid()}" in job.state().reason
    assert job.claim() is None and not job.is_free()
    with claim.held:
        claim.end("done", "", 1.5)
        claim.end("failed", "too late", 2.0)
    state = job.state()
    assert (state.status, state.reason, state.seconds, state.is_open) == ("done", "", 1.5, False)
    assert job.claim() is None and job.claim(retry=True) is None


def test_a_job_that_its_process_has_left_is_taken_over(job: JobFolder):
    leave_dead(job, 1)
    (job.path / ".tmp-attempt-01.json-1").touch()
    assert (job.state().status, job.is_free()) == ("killed", True)
    claim = job.claim()
    assert claim is not None and claim.held.path.name == "attempt-02.json"
    with claim.held:
        assert not list(job.path.glob(".tmp-*"))


def test_one_of_another_machine_is_taken_over_once_it_shows_no_sign_of_life(job: JobFolder):
    leave_dead(job, 1, boot="another")
    assert job.state().status == "running" and job.claim() is None
    (run := job.outputs / "x/20260101-000000-abcd").mkdir(parents=True)
    (run / "lock").touch()
    job.set_run(RunFolder(run))
    os.utime(job.path / "attempt-01.json", (1, 1))
    claim = job.claim()
    assert claim is not None and not (run / "lock").exists()
    claim.held.__exit__()


def test_a_job_that_failed_is_only_taken_to_be_tried_again(job: JobFolder):
    job.close(GONE, "failed", "no such file", 1.0, 3)
    state = job.state()
    assert (state.status, state.failures, state.exit_code) == ("failed", ("no such file",), 3)
    assert not job.is_free() and job.claim() is None
    claim = job.claim(retry=True)
    assert claim is not None
    with claim.held:
        claim.end("done", "", 2.0)
    assert (job.state().status, job.state().seconds, job.state().failures) == ("done", 3.0, ("no such file",))


@pytest.mark.parametrize("status", ["stopped", "killed"])
def test_a_job_that_was_stopped_or_killed_is_free(job: JobFolder, status: str):
    leave_dead(job, 1)
    job.close(GONE, status, "why", 1.0)
    assert (job.state().status, job.state().reason, job.is_free()) == (status, "why", True)


def test_a_process_that_was_stopped_before_its_claim_leaves_no_trace(job: JobFolder):
    job.close(GONE, "stopped", "stopped before it began", 0.1)
    assert job.state().status == "waiting"


def test_no_job_is_free_while_its_sweep_is_to_stop(job: JobFolder, monkeypatch: pytest.MonkeyPatch):
    claim = job.claim()
    assert claim is not None
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(number))
    claim.watch()
    (job.path.parents[1] / STOP).touch()
    claim.watch()
    claim.watch()
    assert sent == [signal.SIGTERM]
    with claim.held:
        claim.end("stopped", "", 1.0)
    assert not job.is_free()


def test_a_process_whose_job_was_taken_over_ends_at_once(job: JobFolder, monkeypatch: pytest.MonkeyPatch):
    claim = job.claim()
    assert claim is not None
    sent: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda group, number: sent.append(number))
    claim.watch()
    leave_dead(job, 2)
    claim.watch()
    assert sent == [signal.SIGKILL]
    claim.held.__exit__()


def test_its_run_is_found_wherever_the_folder_of_all_runs_lies(job: JobFolder, tmp_path: Path):
    assert job.run is None
    (inside := tmp_path / "x/20260101-000000-abcd").mkdir(parents=True)
    job.set_run(RunFolder(inside))
    assert job.run == RunFolder(inside)
    moved = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-moved"))
    assert JobFolder(moved / job.path.relative_to(tmp_path)).run == RunFolder(moved / "x/20260101-000000-abcd")


def test_a_secret_in_a_reason_is_not_written(job: JobFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MMEXP_API_KEY", "Zq7-hidden-9931")
    job.close(GONE, "failed", "no Zq7-hidden-9931", 1.0)
    assert job.state().reason == "no REDACTED"
