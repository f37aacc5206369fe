from __future__ import annotations

import json
import os
import pickle
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.config.compose import compose
from mmexp.error import ConfigError, ResourceError
from mmexp.launcher import remote, slurm
from mmexp.launcher.remote import Outcome
from mmexp.launcher.slurm import SlurmJob, SlurmLauncher, queued
from mmexp.run.job import JobFolder
from mmexp.run.sweep import SweepFolder, sweeps
from mmexp.runner.frozen import first_round
from mmexp.runner.jobs import Job
from mmexp.study.session import begin

submitit = pytest.importorskip("submitit", reason="needs pip install 'mmexp[slurm]'")

SBATCH = """#!/bin/bash
count=$(ls {place} | grep -c '^script')
cp "$1" {place}/script-$count.sh
echo "Submitted batch job $((4242 + count))"
"""
RUNS = """#!/bin/bash
cp "$1" {place}/script.sh
for i in 0 1; do
  SLURM_NTASKS=1 SLURM_PROCID=0 SLURM_JOB_ID=4242 SLURM_ARRAY_JOB_ID=4242 SLURM_ARRAY_TASK_ID=$i \\
    setsid bash -c 'while touch {place}/4242_'$i'; do rm -f {place}/again_'$i'; bash '"$1"'; \\
      test -e {place}/again_'$i' || break; done; rm {place}/4242_'$i >{place}/out_$i 2>&1 </dev/null &
done
echo "Submitted batch job 4242"
"""
"""One that runs an array of two: a file stands for each job in the queue, another for its being queued again."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cluster without machines: what is submitted is kept in this folder, whose other files are the queue."""
    commands, place = tmp_path / "bin", tmp_path / "cluster"
    commands.mkdir()
    place.mkdir()
    install(commands, place, "sbatch", SBATCH)
    install(commands, place, "squeue", "#!/bin/bash\nls {place} | grep '^42'; true\n")
    install(commands, place, "srun", "#!/bin/bash\n")
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    monkeypatch.setattr(remote, "POLL", 0.01)
    monkeypatch.setattr(slurm, "LOOK", 0.0)
    return place


def install(commands: Path, place: Path, name: str, text: str) -> None:
    path = commands / name
    path.write_text(text.format(place=place))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    (tmp_path / "sweep-1/jobs").mkdir(parents=True)

    def read(proposals: list[list[str]]) -> list[Job]:
        return [Job(" ".join(words), compose(words), ["mmexp", "train", *words]) for words in proposals]

    return list(first_round(SweepFolder(tmp_path / "sweep-1"), [["seed=0"], ["seed=1"]], read).values())


def records(jobs: list[Job]) -> list[JobFolder]:
    return [job.record for job in jobs if job.record]


def test_the_script_asks_slurm_for_an_array_with_what_each_job_needs(place: Path, jobs: list[Job]):
    asked = {"partition": "gpu", "time": 90, "gpus": 2, "cpus": 8, "memory": 12.5, "options": {"account": "mine"}}
    SlurmLauncher(workers=1, **asked).launch(jobs)  # type: ignore[arg-type]
    script = (place / "script-0.sh").read_text().splitlines()
    given = dict(line[len("#SBATCH --") :].partition("=")[::2] for line in script if line.startswith("#SBATCH"))
    assert (
        given.items()
        >= {
            "array": "0-1%1",
            "partition": "gpu",
            "time": "90",
            "gpus-per-node": "2",
            "cpus-per-task": "8",
            "mem": "12800MB",
            "ntasks-per-node": "1",
            "account": "mine",
            "requeue": "",
            "signal": "USR2@90",
            "open-mode": "append",
            "job-name": "mmexp",
        }.items()
    )
    assert given["output"].startswith(str(records(jobs)[0].path.parents[1] / "slurm"))
    assert f"{sys.executable} -u -m submitit.core._submit" in script[-2 if script[-1] else -3] + script[-1]


def test_jobs_are_submitted_and_left_and_not_submitted_again_while_they_are_in_the_queue(place: Path, jobs: list[Job]):
    launcher, said = SlurmLauncher(), list[str]()
    assert not launcher.waits
    launcher.launch(jobs, lambda job: said.append(f"{job.status} {job.reason}"))
    assert said == ["waiting queued as slurm 4242_0", "waiting queued as slurm 4242_1"]
    for i in range(2):
        (place / f"4242_{i}").touch()
    launcher.launch(jobs)
    assert len(list(place.glob("script*"))) == 1
    (place / "4242_1").unlink()
    launcher.launch(jobs)
    assert [record.queue for record in records(jobs)] == ["slurm 4242_0", "slurm 4243"]
    records(jobs)[0].close(2**22 + 1, "done", "", 1.0)
    launcher.launch(jobs)
    assert jobs[0].status == "done" and records(jobs)[1].queue == "slurm 4244"


def test_one_that_waits_reads_what_its_jobs_have_written_down_and_notices_those_that_left_the_queue(
    place: Path, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
):
    submit = SlurmLauncher.submit

    def submit_and_end(self: SlurmLauncher, jobs: Any) -> Any:
        sent = submit(self, jobs)
        records(list(jobs))[0].close(2**22 + 1, "done", "", 2.0)
        return sent

    monkeypatch.setattr(SlurmLauncher, "submit", submit_and_end)
    SlurmLauncher(wait=True).launch(jobs)
    assert [job.status for job in jobs] == ["done", "killed"]
    assert jobs[1].reason == "It has left the queue as 4242_1."


def test_one_that_waits_follows_jobs_that_are_in_the_queue_already(place: Path, jobs: list[Job]):
    SlurmLauncher().launch(jobs)
    for i in range(2):
        (place / f"4242_{i}").touch()
    first, second = SlurmLauncher(wait=True).submit(jobs)
    assert len(list(place.glob("script*"))) == 1 and first.outcome() is None
    records(jobs)[0].close(2**22 + 1, "failed", "no such file", 2.0)
    assert first.outcome() is None  # it may be tried again
    (place / "4242_0").unlink()
    assert first.outcome() == Outcome("failed", "no such file")
    assert second.id == "4242_1"


def test_a_job_is_cancelled_by_its_id(place: Path, tmp_path: Path, jobs: list[Job]):
    install(tmp_path / "bin", place, "scancel", "#!/bin/bash\necho $1 > {place}/cancelled\n")
    SlurmLauncher().submit(jobs)[1].cancel(kill=False)
    assert (place / "cancelled").read_text() == "4242_1\n"


def test_where_to_read_what_a_job_has_raised_is_its_reason(place: Path, tmp_path: Path):
    (sent,) = SlurmLauncher().submit([Job("a", compose([f"outputs={tmp_path}"]), ["mmexp", "train"])])
    assert sent.submitted and sent.outcome() == Outcome("killed", "It has left the queue as 4242.", is_lost=True)
    sent.submitted.paths.result_pickle.write_bytes(pickle.dumps(("error", "Traceback\nKeyError: 'x'")))
    assert sent.outcome() == Outcome("failed", f"It has raised an error; see {sent.submitted.paths.stderr}")
    sent.submitted.paths.result_pickle.write_bytes(pickle.dumps(("success", Outcome("done", "", 2.0))))
    assert sent.outcome() == Outcome("done", "", 2.0)


def test_a_job_without_a_sweep_is_waited_for(place: Path, tmp_path: Path):
    job = Job("a", compose([f"outputs={tmp_path}"]), ["mmexp", "train"])
    SlurmLauncher().launch([job])
    assert job.status == "killed" and (tmp_path / ".slurm").is_dir()


def test_a_run_that_was_stopped_waits_for_what_slurm_has_announced(jobs: list[Job], monkeypatch, tmp_path: Path):
    held: list[float] = []
    monkeypatch.setattr(slurm.time, "sleep", held.append)
    monkeypatch.setattr(slurm.RemoteJob, "__call__", lambda self: Outcome("stopped"))
    job = SlurmJob(jobs[0], SlurmLauncher(), 3)
    job()
    assert held == [slurm.HOLD]
    (tmp_path / "sweep-1/stop").touch()
    job()
    assert held == [slurm.HOLD]


def test_before_it_is_queued_again_a_run_is_asked_once_to_save_its_state(jobs: list[Job]):
    asked: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    try:
        job = SlurmJob(jobs[0], SlurmLauncher(), 3)
        assert job.checkpoint().function is job and asked == [signal.SIGTERM]
        job.launcher.signals = [signal.SIGTERM]
        job.checkpoint()
        assert asked == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_queue_that_does_not_answer_is_named(place: Path, tmp_path: Path):
    install(tmp_path / "bin", place, "squeue", "#!/bin/bash\nexit 1\n")
    with pytest.raises(ResourceError, match=r"queue of Slurm must answer, got .*squeue"):
        queued("slurm")
    assert queued("local") == set()


def test_without_slurm_or_its_library_there_is_a_hint(jobs: list[Job], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slurm.shutil, "which", lambda name: None)
    with pytest.raises(ConfigError, match="this machine must have Slurm, got no command srun"):
        SlurmLauncher().launch(jobs)
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(ConfigError, match="package submitit must be installed, got none") as error:
        SlurmLauncher().launch(jobs)
    assert error.value.hint == "Run: pip install submitit"


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"time": 0}, "time must be at least 1, got 0"),
        ({"cpus": 0}, "cpus must be at least 1, got 0"),
        ({"cluster": "lsf"}, "cluster must be slurm or local, got 'lsf'"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], rule: str):
    with pytest.raises(ValueError, match=rule):
        SlurmLauncher(**arguments)


def test_a_search_that_learns_needs_one_that_waits(tmp_path: Path):
    words = ["search=tune", "fusion=concat,gated", "launcher=slurm", f"outputs={tmp_path}"]
    with pytest.raises(ConfigError, match=r"TuneSearch learns from its jobs, so that launcher.wait must be true"):
        begin(words)


@pytest.mark.slow
def test_a_sweep_is_trained_by_slurm_and_a_job_that_is_preempted_resumes_its_run(
    place: Path, tmp_path: Path, make_lab: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """The command returns at once; a job that was running is sent the signal of its end, and is queued again."""
    commands = tmp_path / "bin"
    install(commands, place, "sbatch", RUNS)
    install(commands, place, "scontrol", "#!/bin/bash\ntouch {place}/again_${{2#4242_}}\n")
    install(commands, place, "srun", '#!/bin/bash\nwhile [[ $1 != *python* ]]; do shift; done\nexec "$@"\n')
    monkeypatch.setenv("PYTHONPATH", str(Path(slurm.__file__).parents[2]))
    lab = make_lab(tmp_path / "outputs")
    words = [*lab.overrides, "training.epochs=100", "training.checkpoint_every=5", "fusion=concat,gated"]
    assert main(["train", "-m", *words, "launcher=slurm"]) == 0
    (sweep,) = sweeps(tmp_path / "outputs")
    shown = capsys.readouterr().out
    assert f"watch    mmexp watch {sweep.named}" in shown and f"next     mmexp sweep resume {sweep.named}" in shown
    first = wait_for_steps(sweep.jobs[0])
    (pid,) = [int(path.name) for path in Path("/proc").glob("[0-9]*") if is_task(path, "4242_0")]
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGUSR2)
    deadline = time.monotonic() + 200
    while not sweep.is_over() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert [job.state().status for job in sweep.jobs] == ["done", "done"]
    assert len(sweep.jobs[0].attempts) == 2 and len(sweep.jobs[1].attempts) == 1
    run = sweep.jobs[0].run
    assert run and len(json.loads(run.manifest.read_text())["resumed"]) == 1 and first
    while queued("slurm") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert main(["sweep", "resume", str(sweep.path)]) == 0
    assert "2 jobs, 32 at a time; 2 have ended" in capsys.readouterr().out


def is_task(process: Path, job: str) -> bool:
    try:
        environment = (process / "environ").read_bytes()
        return b"submitit.core._submit" in (process / "cmdline").read_bytes() and (
            f"SLURM_ARRAY_TASK_ID={job[-1]}\0".encode() in environment
        )
    except OSError:
        return False


def wait_for_steps(job: JobFolder) -> int:
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if job.run and job.run.metrics.exists() and list(job.run.checkpoints.glob("last*.ckpt")):
            return job.run.metrics.read_text().count("\n")
        time.sleep(0.1)
    raise TimeoutError(subprocess.run(["ls", "-R", str(job.outputs)], capture_output=True, text=True).stdout)
