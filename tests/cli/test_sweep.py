from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from mmexp.cli import main
from mmexp.cli import sweep as verb
from mmexp.run.folder import runs
from mmexp.run.sweep import SweepFolder, drafted, sweeps

GONE = 2**22 + 1  # a process that there cannot be


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SweepFolder:
    """A sweep of two jobs, of which one is done, in the outputs of the current folder."""
    monkeypatch.chdir(tmp_path)
    with drafted("outputs") as draft:
        for seed in (0, 1):
            draft.add([f"seed={seed}"], {"label": f"seed={seed}"}, "")
        command = ["mmexp", "train", "-m", "seed=0,1"]
        draft.set_request({"searched": [["seed=0,1"]], "chosen": [], "command": command, "cwd": str(tmp_path)})
        made = draft.publish()
    made.jobs[0].close(GONE, "done", "", 61.0)
    return made


def test_status_says_how_far_each_job_is_and_how_to_go_on(folder: SweepFolder, capsys: pytest.CaptureFixture[str]):
    assert main(["sweep", "status", "last"]) == 0
    shown = capsys.readouterr().out
    assert [line.split()[:2] for line in shown.splitlines() if line.strip().startswith("seed=")] == [
        ["seed=0", "done"],
        ["seed=1", "waiting"],
    ]
    assert f"{folder.id}: 1 done, 1 waiting\nnext     mmexp sweep resume {folder.id}\n" in shown
    folder.jobs[1].close(GONE, "failed", "no such file", 1.0)
    folder.set_over(True)
    assert main(["sweep", "status", folder.id]) == 0
    assert "no such file" in (shown := capsys.readouterr().out) and "next     mmexp compare" in shown


def test_without_a_name_all_sweeps_are_listed(folder: SweepFolder, capsys: pytest.CaptureFixture[str]):
    assert main(["sweep"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if folder.id in line]
    assert line.split()[1:] == ["unfinished", "1", "0", "0", "seed=0,1"]


def test_stop_asks_everybody_and_says_how_far_it_is(
    folder: SweepFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    assert main(["sweep", "stop", "last"]) == 0 and folder.stop.exists()
    assert capsys.readouterr().out.startswith(f"{folder.id}: asked to stop\n")
    monkeypatch.setattr(verb, "_PATIENCE", 0.0)
    monkeypatch.setattr(verb.time, "sleep", lambda seconds: None)
    with folder.join():
        assert main(["sweep", "stop", "last"]) == 1
    assert "must stop within 0 s, got 0 jobs running" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["resum", "last"], "action must be one that exists, got 'resum'. Did you mean 'resume'"),
        (["resume"], "SWEEP must be named to resume it, got none"),
        (["status", "nothing"], "id must name one sweep in outputs, got 'nothing' for 0"),
    ],
)
def test_a_word_that_does_not_fit_is_refused(folder: SweepFolder, capsys, words: list[str], said: str):
    assert main(["sweep", *words]) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")


def test_a_sweep_is_trained_retried_and_extended_from_the_command_line(lab, capsys, tmp_path, monkeypatch):
    """By processes of their own, two of which diverge."""
    monkeypatch.setenv("COLUMNS", "200")
    words = [*lab.overrides, "training.epochs=1", "training.clip=0", "optimizer.lr=0.01,1e+30"]
    assert main(["train", "-m", *words, "--workers", "2"]) == 1
    outputs = tmp_path / "outputs"
    (sweep,) = sweeps(outputs)
    assert capsys.readouterr().out.splitlines()[2] == f"sweep    {sweep.path}"
    assert [job.state().status for job in sweep.jobs] == ["done", "failed"] and sweep.is_over()
    os.chdir(tmp_path)
    assert main(["sweep", "resume", "last", "--outputs", "outputs"]) == 1
    assert "2 jobs, 2 at a time; 2 have ended" in capsys.readouterr().out
    assert [len(job.attempts) for job in sweep.jobs] == [1, 1]
    assert main(["sweep", "retry", str(sweep.path)]) == 1
    assert [len(job.attempts) for job in sweep.jobs] == [1, 2]
    assert main(["sweep", "extend", str(sweep.path), "optimizer.lr=0.02", "launcher.workers=2"]) == 1
    assert [job.state().status for job in sweep.jobs] == ["done", "failed", "done"]
    assert len(runs(outputs)) == 3 and not list(outputs.rglob(".tmp-*"))


@pytest.mark.slow
def test_a_sweep_whose_processes_are_killed_gives_what_an_undisturbed_one_does(lab, make_lab, tmp_path):
    """The parent first, then one of its jobs; ``scripts/tools/kill_sweep.py`` does so at many moments."""
    own = ["training.epochs=4", "training.checkpoint_every=1", "seed=0,1", "launcher.retries=1"]
    assert main(["train", "-m", *lab.overrides, *own]) == 0
    words = [*make_lab(tmp_path / "killed").overrides, *own]
    parent = subprocess.Popen([sys.executable, "-m", "mmexp", "train", "-m", *words], stdout=subprocess.DEVNULL)
    while not list((tmp_path / "killed").glob("*/*/checkpoints/*.ckpt")):
        time.sleep(0.01)
        assert parent.poll() is None
    parent.kill()
    parent.wait()
    (sweep,) = sweeps(tmp_path / "killed")
    done = [job for job in sweep.jobs if job.state().status == "done"]
    when = [job.run.summary.stat().st_mtime_ns for job in done]

    def kill_a_job() -> None:
        while not (running := [job for job in sweep.jobs if job.state().status == "running" and job.state().here]):
            if sweep.is_over():
                return
            time.sleep(0.01)
        with suppress(ProcessLookupError):
            os.kill(running[0].attempts[-1].holder["pid"], signal.SIGKILL)

    killer = threading.Thread(target=kill_a_job)
    killer.start()
    assert main(["sweep", "resume", str(sweep.path)]) == 0
    killer.join()
    assert sweep.is_over() and [job.run.summary.stat().st_mtime_ns for job in done] == when
    assert metrics(tmp_path / "killed") == metrics(tmp_path / "outputs") and len(runs(tmp_path / "killed")) == 2
    assert not list((tmp_path / "killed").rglob(".tmp-*"))


def metrics(outputs: Path) -> dict[str, object]:
    (sweep,) = sweeps(outputs)
    return {job.frozen["label"]: json.loads(job.run.summary.read_text())["metrics"] for job in sweep.jobs}


def start(*words: str) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "mmexp", *words]
    environment = {**os.environ, "PYTHONPATH": str(Path(verb.__file__).parents[2])}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_eight_launches_at_one_instant_make_eight_runs(make_lab, tmp_path: Path):
    words = [*make_lab(tmp_path / "outputs").overrides, "training.epochs=1"]
    started = [start("train", *words) for _ in range(8)]
    assert [one.communicate()[0] and one.returncode for one in started] == [0] * 8
    made = runs(tmp_path / "outputs")
    assert len({run.id for run in made}) == 8 and all(run.summary.exists() for run in made)


@pytest.mark.slow
def test_two_resumes_share_the_jobs_of_a_sweep_and_train_none_twice(make_lab, tmp_path: Path):
    from mmexp.study.session import begin

    begin([*make_lab(tmp_path / "outputs").overrides, "training.epochs=40", "seed=range(0,12)"])
    (sweep,) = sweeps(tmp_path / "outputs")
    started = [start("sweep", "resume", str(sweep.path)) for _ in range(2)]
    said = [one.communicate()[0] for one in started]
    assert [one.returncode for one in started] == [0, 0]
    own = [re.findall(r"^\[(\d+)/12\] .* done ", text, re.MULTILINE) for text in said]
    assert all(own) and sorted(map(int, [*own[0], *own[1]])) == list(range(1, 13))
    assert [(job.state().status, len(job.attempts)) for job in sweep.jobs] == [("done", 1)] * 12
    assert len(runs(tmp_path / "outputs")) == 12
