from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmexp.config.compose import compose
from mmexp.error import FITS, ConfigError, Pruned, ResourceError, Stopped
from mmexp.run.folder import RunFolder
from mmexp.run.signals import SignalReceived
from mmexp.run.sweep import SweepFolder
from mmexp.runner import attempt
from mmexp.runner.attempt import run_job
from mmexp.runner.jobs import Job


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(attempt, "redirect", lambda path, *streams: None)
    (tmp_path / "sweep-1/jobs").mkdir(parents=True)
    record = SweepFolder(tmp_path / "sweep-1").add(["seed=0"], {"label": "seed=0"}, "")
    return Job("seed=0", compose(["training.batch_size=8"]), ["mmexp", "train"], record=record)


@pytest.mark.parametrize(
    ("raised", "status", "reason", "code"),
    [
        (None, "done", "", 0),
        (ConfigError("dim must be at least 1, got 0.\nAnd more."), "failed", "dim must be at least 1, got 0.", 2),
        (KeyError("x"), "failed", "KeyError: 'x'", 1),
        (Stopped("Training: stopped at step 3."), "stopped", "Training: stopped at step 3.", 143),
        (Pruned("Training: given up at step 3."), "pruned", "Training: given up at step 3.", 0),
        (SignalReceived(15), "stopped", "got SIGTERM", 1),
    ],
)
def test_how_it_ends_is_written_down_once(job: Job, monkeypatch, raised, status, reason, code):
    def train(report, config, job):
        record = job.record
        assert record.state().status == "running" and record.attempts[-1].holder["pid"] == os.getpid()
        if raised:
            raise raised

    monkeypatch.setattr(attempt, "_train", train)
    if raised:
        with pytest.raises(type(raised)):
            run_job(print, job)
    else:
        run_job(print, job)
    state = job.record.state()
    assert (state.status, state.reason, state.exit_code) == (status, reason, code)


def test_a_job_of_another_process_is_left_to_it(job: Job, monkeypatch):
    monkeypatch.setattr(attempt, "_train", lambda *given: pytest.fail("it must not be trained"))
    with job.record.claim().held, pytest.raises(Stopped, match="another process has the job"):
        run_job(print, job)
    assert len(job.record.attempts) == 1


def test_outside_of_a_sweep_nothing_is_claimed(job: Job, monkeypatch):
    trained = []
    monkeypatch.setattr(attempt, "_train", lambda report, config, job: trained.append(job))
    record, job.record = job.record, None
    run_job(print, job)
    assert trained == [job] and record.attempts == []


def test_a_batch_that_did_not_fit_is_halved_in_a_new_run_which_is_said(job: Job, monkeypatch, tmp_path):
    seen = []

    def train(report, config, job):
        record, command = job.record, job.command
        seen.append((config.plain()["training"]["batch_size"], config.plain()["resume"], command))
        if len(seen) == 1:
            (run := tmp_path / "x/20260101-000000-abcd").mkdir(parents=True)
            (run / "config.json").write_text('{"config": {"training": {"batch_size": 8}}}')
            record.set_run(RunFolder(run))
            raise ResourceError(f"Training: {FITS}, got: no memory")

    monkeypatch.setattr(attempt, "_train", train)
    with pytest.raises(ResourceError):
        run_job(print, job)
    job.retry = True
    run_job(print, job)
    smaller = ["training.batch_size=4", "training.accumulate=2"]
    assert seen == [(8, None, job.command), (4, None, [*job.command, *smaller])]
    assert job.record.state().reason == f"with {' '.join(smaller)}"
