from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from mmexp.config.compose import compose
from mmexp.error import ConfigError, Stopped
from mmexp.launcher import remote
from mmexp.launcher.remote import Outcome, RemoteJob, RemoteLauncher
from mmexp.run.sweep import SweepFolder
from mmexp.runner.frozen import first_round
from mmexp.runner.jobs import Job

GONE = 2**22 + 1  # a process that there cannot be


class Sent:
    """A job that was sent away and ends as its script says, one entry per look."""

    def __init__(self, job: Job, script: Sequence[Outcome | str | None]) -> None:
        self.job, self.script, self.cancelled = job, list(script), list[bool]()

    def outcome(self) -> Outcome | None:
        entry = self.script.pop(0) if self.script and not self.cancelled else Outcome("stopped", "by request", 1.0)
        if not isinstance(entry, str):
            return entry
        if entry == "Ctrl-C":
            os.kill(os.getpid(), signal.SIGINT)
        elif self.job.record:
            self.job.record.close(GONE, entry, "", 1.0)
        return None

    def cancel(self, kill: bool) -> None:
        self.cancelled.append(kill)


class Scripted(RemoteLauncher):
    script: dict[str, Sequence[Outcome | str | None]]

    def submit(self, jobs: Sequence[Job]) -> Sequence[Sent]:
        self.batches = [*getattr(self, "batches", []), [job.label for job in jobs]]
        self.sent = [*getattr(self, "sent", []), *(Sent(job, self.script[job.label]) for job in jobs)]
        return self.sent[-len(jobs) :]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "POLL", 0.0)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")


@pytest.fixture
def sweep(tmp_path: Path) -> SweepFolder:
    (tmp_path / "sweep-1/jobs").mkdir(parents=True)
    return SweepFolder(tmp_path / "sweep-1")


def frozen(sweep: SweepFolder, *seeds: int) -> list[Job]:
    def read(proposals: list[list[str]]) -> list[Job]:
        return [Job(" ".join(words), compose(words), ["mmexp", "train", *words]) for words in proposals]

    return list(first_round(sweep, [[f"seed={seed}"] for seed in seeds], read).values())


def bare(*labels: str) -> list[Job]:
    return [Job(label, compose([]), ["mmexp", "train"]) for label in labels]


def test_so_many_are_sent_away_at_once_and_their_outcomes_are_kept(tmp_path: Path):
    launcher, jobs, said = Scripted(workers=2), bare("a", "b", "c"), list[tuple[str, str]]()
    launcher.script = {
        "a": [None, Outcome("done", "", 3.0, tmp_path)],
        "b": [None, None, Outcome("failed", "no such file", 1.0)],
        "c": [Outcome("done")],
    }
    launcher.launch(jobs, lambda job: said.append((job.label, job.status)))
    assert launcher.batches == [["a", "b"], ["c"]]
    assert [(job.status, job.reason, job.seconds) for job in jobs] == [
        ("done", "", 3.0),
        ("failed", "no such file", 1.0),
        ("done", "", None),
    ]
    assert jobs[0].path == tmp_path and said == [("a", "done"), ("b", "failed"), ("c", "done")]


def test_how_far_a_job_of_a_sweep_is_is_read_from_its_folder(sweep: SweepFolder):
    (job,) = frozen(sweep, 0)
    said: list[str] = []
    launcher = Scripted()
    launcher.script = {"seed=0": [None, "done", Outcome("killed", "which nobody asked", is_lost=False)]}
    claim = job.record.claim()  # type: ignore[union-attr]
    job.status = "waiting"
    launcher.launch([job], lambda job: said.append(job.status))
    assert said == [] and job.status == "waiting"  # another process has it
    claim.end("stopped", "", 1.0)  # type: ignore[union-attr]
    claim.held.__exit__()  # type: ignore[union-attr]
    launcher.launch([job], lambda job: said.append(job.status))
    assert said == ["done"] and job.status == "done"


def test_one_that_is_lost_before_it_began_has_been_killed(sweep: SweepFolder):
    (job,) = frozen(sweep, 0)
    launcher = Scripted()
    launcher.script = {"seed=0": [Outcome("killed", "The node is gone.", is_lost=True)]}
    launcher.launch([job])
    assert (job.status, job.reason) == ("killed", "The node is gone.")
    assert job.record and job.record.state().failures == ("The node is gone.",)


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_cancels_what_was_sent_away_and_a_second_one_kills_it(times: int):
    launcher, jobs = Scripted(workers=1), bare("a", "b")
    launcher.script = {"a": ["Ctrl-C"] * times, "b": []}
    if times == 2:
        launcher.script = {"a": ["Ctrl-C", "Ctrl-C"]}
        launcher.submit = lambda jobs: [Twice(job, launcher.script[job.label]) for job in jobs]  # type: ignore
    with pytest.raises(Stopped, match="stopped with 0 of 2 jobs done") as stop:
        launcher.launch(jobs)
    assert stop.value.exit_code == 130 and [job.status for job in jobs] == ["stopped", "waiting"]


class Twice(Sent):
    """One that does not end before it is killed."""

    def outcome(self) -> Outcome | None:
        if self.cancelled == [False]:
            self.cancelled.append(True)
            os.kill(os.getpid(), signal.SIGINT)
            return None
        return super().outcome()


def test_what_is_sent_of_a_job_of_a_sweep_is_its_folder_alone(sweep: SweepFolder):
    (job,) = frozen(sweep, 3)
    job.config.plain()
    data = pickle.dumps(RemoteJob(job, Scripted(), 3))
    assert b"seed=3" not in data and job.record and job.record.path.name.encode() in data


def test_what_a_config_has_resolved_is_not_sent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MMEXP_PLACE", "hunter2hunter2")
    config = compose(["name=${oc.env:MMEXP_PLACE}"])
    assert config.plain()["name"] == "hunter2hunter2"
    assert b"hunter2" not in pickle.dumps(RemoteJob(Job("a", config, []), Scripted(), 3))


def test_a_secret_of_a_job_without_a_folder_is_not_sent():
    job = Job("a", compose([]), ["mmexp", "train", "dataset.root=https://me:hunter2hunter2@example.org/x"])
    with pytest.raises(ConfigError, match="words of a job that is sent to another machine must hold no secret, got a"):
        RemoteJob(job, Scripted(), 3)


class Trains:
    """Stands for the processes of the other machine."""

    signals: tuple[int, ...] = ()
    retries, time_limit, back_off, fail_fast, workers, waits = 0, None, True, False, 1, True

    def launch(self, jobs: Sequence[Job], report: object = None) -> None:
        for job in jobs:
            if job.record:
                job.record.close(GONE, "done", "", 2.0)
                job.refresh()
            job.status, job.seconds = "done", 2.0


def test_on_the_other_machine_a_job_is_read_from_its_folder_and_trained(sweep: SweepFolder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (job,) = frozen(sweep, 0)
    sent = pickle.loads(pickle.dumps(RemoteJob(job, Scripted(), 3)))
    sent.launcher = Trains()
    monkeypatch.chdir("/")
    assert sent() == Outcome("done", "", 2.0) and os.getcwd() == str(tmp_path)
    assert os.environ["OMP_NUM_THREADS"] == "3"
    whole = RemoteJob(bare("a")[0], Scripted(), 3)
    whole.launcher = Trains()  # type: ignore[assignment]
    assert whole().status == "done"


def test_a_job_that_cannot_be_read_there_has_failed(sweep: SweepFolder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (job,) = frozen(sweep, 0)
    job.record.config.write_text(job.record.config.read_text().replace("seed: 0", "seed: 1"))  # type: ignore
    outcome = RemoteJob(job, Scripted(), 3)()
    assert outcome.status == "failed" and "config must be as it was frozen" in outcome.reason
    assert job.record and job.record.state().exit_code == 2
