from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.error import Stopped
from mmexp.launcher import local
from mmexp.launcher.local import LocalLauncher
from mmexp.run import summary
from mmexp.run.folder import RunFolder, runs
from mmexp.runner.jobs import Job, has_failed

ERRANDS = """
import os, signal, time
from pathlib import Path
from mmexp.error import DataError

class Fate(str):
    modules = {"mmexp.fusion.gated"}

def train(report, job):
    fate, folder = job.config, job.command
    if fate == "raises":
        raise DataError("label must be known, got 7.\\nAnd more.")
    if fate == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fate == "says":
        report(Path(os.environ["CUDA_VISIBLE_DEVICES"]))
        return
    if fate == "hangs":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if fate in ("hangs", "lasts"):
        report(Path(folder))
        time.sleep(60)
    Path(folder, f"{os.getpid()}").write_text(os.environ["OMP_NUM_THREADS"])
    report(Path(folder))
"""


@pytest.fixture(scope="module")
def errands(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("errands")
    (folder / "launcher_errands.py").write_text(ERRANDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        import launcher_errands  # type: ignore[import-not-found]

        yield launcher_errands


@pytest.fixture
def make_jobs(errands: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Job]]:
    """Jobs that do not train: their config is a word that says what becomes of them."""
    monkeypatch.setattr(local, "run_job", errands.train)
    return lambda *fates: [Job(f"seed={i}", errands.Fate(fate), str(tmp_path)) for i, fate in enumerate(fates)]


def statuses(jobs: list[Job]) -> list[str]:
    return [job.status for job in jobs]


def interrupt_once(jobs: list[Job], *, times: int = 1) -> None:
    """Type Ctrl-C once all of these have reported something, from when on they can be asked to stop."""

    def wait() -> None:
        while not all(job.path for job in jobs):
            time.sleep(0.01)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)

    threading.Thread(target=wait).start()


def test_what_the_jobs_are_made_of_is_loaded_once_for_all_of_them(
    make_jobs: Callable[..., list[Job]], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[set[str]] = []
    monkeypatch.setattr(local, "warm_up", loaded.append)
    LocalLauncher().launch(make_jobs("is done", "is done"))
    assert loaded == [{"mmexp.fusion.gated"}]


def test_jobs_run_side_by_side_and_divide_the_threads(
    make_jobs: Callable[..., list[Job]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    reports: list[tuple[str, str]] = []
    jobs = make_jobs("ends", "ends", "ends")
    LocalLauncher(workers=2).launch(jobs, lambda job: reports.append((job.label, job.status)))
    assert statuses(jobs) == ["done"] * 3
    assert reports[:2] == [("seed=0", "running"), ("seed=1", "running")]
    assert [status for _, status in reports[2:]] in (
        ["done", "running", "done", "done"],
        ["done", "done", "running", "done"],
    )
    assert {path.read_text() for path in tmp_path.iterdir()} == {"2"}


def test_each_gpu_is_given_to_one_job_at_a_time(make_jobs: Callable[..., list[Job]], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    seen: list[str] = []
    jobs = make_jobs("says", "says", "says")
    launcher = LocalLauncher(slots="auto")
    launcher.launch(jobs, lambda job: seen.append(job.path.name) if job.status == "done" and job.path else None)
    assert launcher.workers == 2 and set(seen) == {"3", "5"} and len(seen) == 3


@pytest.mark.parametrize(
    ("cores", "memory", "workers"), [(4, (64, 64 << 30), 4), (4, (64, 3 << 30), 1), (4, (64, 1 << 30), 1), (2, None, 1)]
)
def test_without_a_gpu_there_is_a_job_per_core_as_far_as_there_is_memory(
    monkeypatch: pytest.MonkeyPatch, cores: int, memory: tuple[int, int] | None, workers: int
):
    for name, value in {"gpus": [], "cpu_count": cores, "memory": memory}.items():
        monkeypatch.setattr(local, name, lambda value=value: value)
    assert LocalLauncher(slots="auto").workers == workers


def test_slots_are_automatic_or_not_there():
    with pytest.raises(ValueError, match="slots must be auto or null, got 'some'"):
        LocalLauncher(slots="some")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fate", "status", "reason"),
    [
        ("raises", "failed", "label must be known, got 7."),
        ("is killed", "killed", "Its process was ended by SIGKILL."),
        ("lasts", "stopped", "It took longer than 2 s. Training: stopped"),
        ("hangs", "killed", "It took longer than 2 s. Its process was ended by SIGKILL."),
    ],
)
def test_one_that_fails_does_not_stop_the_others(
    make_jobs: Callable[..., list[Job]], monkeypatch: pytest.MonkeyPatch, fate: str, status: str, reason: str
):
    monkeypatch.setattr(local, "GRACE", 0.3 if fate == "hangs" else 60)
    jobs = make_jobs("ends", "ends", fate, *["ends"] * 6)
    LocalLauncher(workers=2, time_limit=2.0 if fate in ("lasts", "hangs") else None).launch(jobs)
    assert statuses(jobs) == ["done", "done", status, *["done"] * 6]
    assert jobs[2].reason.startswith(reason)
    assert has_failed(jobs) and all(job.seconds for job in jobs)


def test_with_fail_fast_no_job_is_started_after_one_has_failed(make_jobs: Callable[..., list[Job]]):
    jobs = make_jobs("ends", "raises", "ends")
    LocalLauncher(fail_fast=True).launch(jobs)
    assert statuses(jobs) == ["done", "failed", "waiting"]


def test_one_interrupt_asks_the_jobs_to_stop_and_starts_no_more(make_jobs: Callable[..., list[Job]], tmp_path: Path):
    jobs = make_jobs("ends", "lasts", "lasts", "ends")
    with pytest.raises(Stopped, match="stopped with 1 of 4 jobs done") as stop:
        interrupt_once(jobs[1:3])
        LocalLauncher(workers=2).launch(jobs)
    assert stop.value.exit_code == 130
    assert statuses(jobs) == ["done", "stopped", "stopped", "waiting"]
    assert jobs[1].folder == RunFolder(tmp_path)


def test_two_interrupts_kill_the_jobs(make_jobs: Callable[..., list[Job]]):
    jobs = make_jobs("hangs", "ends")
    with pytest.raises(Stopped, match="stopped with 0 of 2 jobs done") as stop:
        interrupt_once(jobs[:1], times=2)
        LocalLauncher().launch(jobs)
    assert stop.value.exit_code == 130
    assert statuses(jobs) == ["killed", "waiting"]
    assert jobs[0].reason.startswith("Killed by request.")


def test_a_job_that_is_killed_before_its_config_is_stored_leaves_no_folder(
    make_jobs: Callable[..., list[Job]], tmp_path: Path
):
    jobs = make_jobs("hangs", "hangs")
    for job, run in zip(jobs, ("20260102-030405-0a1b", "20260102-030405-0a1c"), strict=True):
        job.command = str(tmp_path / run)
        (tmp_path / run).mkdir()
    (tmp_path / run / "config.json").write_text("{}")
    with pytest.raises(Stopped):
        interrupt_once(jobs, times=2)
        LocalLauncher(workers=2).launch(jobs)
    assert [job.folder and job.folder.id for job in jobs] == [None, run]
    assert [path.name for path in tmp_path.iterdir()] == [run]


def test_a_job_has_no_folder_before_it_reports_one(make_jobs: Callable[..., list[Job]], tmp_path: Path):
    (job,) = make_jobs("ends")
    assert (job.folder, job.reason, job.status) == (None, "", "waiting")
    LocalLauncher().launch([job])
    assert job.folder == RunFolder(tmp_path)
    for path in (*tmp_path.iterdir(), tmp_path):
        path.rmdir() if path.is_dir() else path.unlink()
    assert job.folder is None


def test_a_sweep_trains_every_combination_and_shows_what_became_of_it(
    lab: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Two of them diverge; the others do not care."""
    monkeypatch.setenv("COLUMNS", "200")
    words = [*lab.overrides, "fusion=concat,gated", "optimizer.lr=0.01,1e+30", "training.clip=0", "training.epochs=1"]
    assert main(["train", "-m", *words, "--workers", "2"]) == 1
    shown = capsys.readouterr().out
    found = {run.id: summary.row(run) for run in runs(tmp_path / "outputs")}
    assert sorted(row.status for row in found.values()) == ["done", "done", "failed", "failed"]
    assert "4 jobs, 2 at a time" in shown
    assert "[4/4]  fusion=gated optimizer.lr=1e+30  failed" in shown
    for run, row in found.items():
        (line,) = [line for line in shown.splitlines() if f"   {run}" in line]
        typed = json.loads(row.folder.manifest.read_text())["command"]
        assert row.status in line
        assert " ".join(word for word in typed if word.startswith(("fusion", "optimizer"))) in line
        if row.status == "done":
            assert f"val/accuracy {row.metrics['val/accuracy']:.3f}" in line
        else:
            assert "must be finite" in row.reason and f": see {row.folder.log}\n" in shown


def test_nothing_starts_while_one_of_the_configs_is_wrong(lab: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert main(["train", "-m", *lab.overrides, "fusion=concat,gatd", "seed=0,1"]) == 2
    said = capsys.readouterr()
    assert said.err.count("Did you mean 'gated'?") == 1
    assert said.out == "loading libraries\nreading the configs of all jobs\n"
    assert not (tmp_path / "outputs").exists()
