from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from mmexp.error import ConfigError, Stopped
from mmexp.run.folder import runs
from mmexp.run.sweep import SweepFolder, sweeps
from mmexp.runner.attempt import resumable
from mmexp.runner.jobs import Job
from mmexp.runner.run import run_training
from mmexp.study.session import begin, extend, resume


@pytest.fixture
def words(lab) -> list[str]:
    return [*lab.overrides, "training.epochs=1", "seed=0,1"]


def train(folder: SweepFolder, jobs: Sequence[Job], most: int = 9) -> None:
    """Claim and train jobs in this process."""
    for job in [job for job in jobs if job.is_free][:most]:
        claim = job.record.claim()
        with claim.held:
            config = resumable(job.config, job.record)
            console = Console(file=io.StringIO())
            job.path = run_training(config, job.command, console, planned=job.record.set_run).path
            claim.end("done", "", 1.0)
        job.refresh()


def stop_after_one(folder: SweepFolder, jobs: Sequence[Job]) -> None:
    train(folder, jobs, most=1)
    raise Stopped("Sweep: stopped with 1 of 2 jobs done.")


def test_a_sweep_that_was_stopped_is_resumed_with_what_was_frozen(words, lab, tmp_path):
    session = begin(words)
    assert sorted(path.name for path in session.folder.path.iterdir()) == ["jobs", "sweep.json"]
    assert [job.record.frozen["label"] for job in session.ready.values()] == ["seed=0", "seed=1"]
    with pytest.raises(Stopped) as stop:
        session.run(stop_after_one)
    assert stop.value.hint == f"Run: mmexp sweep resume {session.folder.path}"
    with pytest.raises(ConfigError, match=r"jobs must be new, got those of sweep-.*unfinished .1 of 2 done") as refused:
        begin(words)
    assert refused.value.hint.startswith(f"Run: mmexp sweep resume {session.folder.path}\n")
    assert [one.path for one in sweeps(tmp_path / "outputs")] == [session.folder.path]
    (done,) = runs(tmp_path / "outputs")
    before = done.summary.stat().st_mtime_ns
    jobs = resume(session.folder).run(train)
    assert [job.status for job in jobs] == ["done", "done"] and session.folder.is_over()
    assert len(runs(tmp_path / "outputs")) == 2 and done.summary.stat().st_mtime_ns == before
    known = [json.loads(run.summary.read_text())["config"] for run in runs(tmp_path / "outputs")]
    settings = sorted(known, key=lambda one: one["seed"])  # ids of one second are in no order
    assert {**settings[0], "seed": 1} == settings[1] and "training.epochs" in settings[1]
    again = begin(words)
    assert again.folder != session.folder
    extend(session.folder, ["seed=1,2"])
    assert not session.folder.is_over()
    jobs = resume(session.folder).run(train)
    assert [job.label for job in jobs] == ["seed=0", "seed=1", "seed=2"] and session.folder.is_over()
    assert len(runs(tmp_path / "outputs")) == 3


def test_a_job_that_was_killed_resumes_its_run(words, lab, tmp_path):
    session = begin(words)
    job = next(iter(session.ready.values()))
    assert resumable(job.config, job.record) is job.config
    claim = job.record.claim()
    with claim.held, pytest.raises(KeyError):
        run_training(job.config, job.command, Console(file=io.StringIO()), started=fail_once(job))
    (half,) = runs(tmp_path / "outputs")
    assert resumable(job.config, job.record) is job.config and not half.path.exists()
    train(session.folder, [job])
    (run,) = runs(tmp_path / "outputs")
    config = resumable(job.config, job.record)
    assert config.plain()["resume"] == str(run.path) and config.words == ()


def fail_once(job):
    def started(folder):
        job.record.set_run(folder)
        raise KeyError

    return started


def test_the_same_words_with_new_are_another_sweep(words):
    first = begin(words)
    assert begin(words, again=True).folder != first.folder


def test_one_that_is_being_worked_on_hinders_nobody(words):
    first = begin(words)
    with first.folder.join():
        assert begin(words).folder != first.folder


def test_a_config_that_was_changed_after_it_was_frozen_is_refused(words):
    session = begin(words)
    config = next(iter(session.ready.values())).record.config
    config.write_text(config.read_text().replace("dim: 8", "dim: 16"))
    with pytest.raises(ConfigError, match=r"config.yaml: config must be as it was frozen, got another one"):
        resume(session.folder).run(train)


def test_a_sweep_is_resumed_with_other_options_of_the_launcher_alone(words):
    folder = begin([*words, "launcher.retries=2"]).folder
    launcher = resume(folder, ["launcher.workers=2"]).launcher
    assert (launcher.workers, launcher.retries) == (2, 2)
    with pytest.raises(ConfigError, match=r"resumed with the jobs it has, .* got seed=3") as refused:
        resume(folder, ["seed=3"])
    assert refused.value.hint == f"Run: mmexp sweep extend {folder.path} seed=3"
    with pytest.raises(ConfigError, match="extend must be given values, got none for sweep-"):
        extend(folder, [])


def test_plugins_must_be_named_again(words, tmp_path, monkeypatch):
    (tmp_path / "my_parts.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = begin([*words, "plugins=[my_parts]"]).folder
    with pytest.raises(
        ConfigError, match=r"plugins must be named again to be trusted, got none of plugins=.my_parts."
    ) as no:
        resume(folder)
    assert no.value.hint == f"Run: {folder.line('resume')}" and "plugins=[my_parts]" in no.value.hint
    assert resume(folder, ["plugins=[my_parts]"]).plugins == ["plugins=[my_parts]"]


def test_resuming_ends_the_request_to_stop(words):
    folder = begin(words).folder
    folder.stop.touch()
    resume(folder)
    assert not folder.stop.exists()


def test_nothing_is_left_of_a_sweep_whose_configs_are_wrong(words, tmp_path: Path):
    with pytest.raises(ConfigError, match="'gatd'"):
        begin([*words, "fusion=concat,gatd"])
    assert not (tmp_path / "outputs").exists()
