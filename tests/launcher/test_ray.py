from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mmexp.cli import main
from mmexp.config.compose import compose
from mmexp.error import ConfigError, ResourceError
from mmexp.launcher import ray as launcher
from mmexp.launcher import remote
from mmexp.launcher.ray import RayLauncher, RaySubmission
from mmexp.launcher.remote import Outcome, RemoteJob
from mmexp.run.sweep import sweeps
from mmexp.runner.jobs import Job


class Cluster(ModuleType):
    """Stands for Ray: a task is called when its result is waited for."""

    def __init__(self, fails: Exception | None = None) -> None:
        super().__init__("ray")
        self.fails, self.calls, self.on = fails, list[Any](), False
        self.exceptions = ModuleType("ray.exceptions")
        self.exceptions.RayError = type("RayError", (Exception,), {})  # type: ignore[attr-defined]
        cancelled = type("TaskCancelledError", (self.exceptions.RayError,), {})  # type: ignore[attr-defined]
        self.exceptions.TaskCancelledError = cancelled  # type: ignore[attr-defined]

    def is_initialized(self) -> bool:
        return self.on

    def init(self, **options: Any) -> None:
        self.calls.append(("init", options))
        if self.fails:
            raise self.fails
        self.on = True

    def shutdown(self) -> None:
        self.on = False
        self.calls.append(("shutdown", {}))

    def remote(self, **options: Any) -> Any:
        self.calls.append(("remote", options))
        return lambda work: SimpleNamespace(remote=lambda job: job)

    def wait(self, tasks: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return tasks, []

    def get(self, task: Any) -> Outcome:
        if isinstance(task, Exception):
            raise task
        return Outcome("done", "", 1.0)

    def cancel(self, task: Any, force: bool) -> None:
        self.calls.append(("cancel", {"force": force}))


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    monkeypatch.setitem(sys.modules, "ray", made)
    monkeypatch.setitem(sys.modules, "ray.exceptions", made.exceptions)
    monkeypatch.setattr(remote, "POLL", 0.0)
    for name in launcher.QUIET:
        monkeypatch.setenv(name, os.environ.get(name, ""))
        monkeypatch.delenv(name)
    return made


def test_a_job_is_a_task_with_its_resources_on_a_ray_of_this_machine_that_reports_to_nobody(cluster: Cluster):
    jobs = [Job(label, compose([]), ["mmexp", "train"]) for label in "ab"]
    RayLauncher(workers=2, cpus=3, gpus=0.5, memory=1.5).launch(jobs)
    assert [job.status for job in jobs] == ["done", "done"]
    (init, options), (_, asked), (end, _) = cluster.calls
    assert (init, end) == ("init", "shutdown") and os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert options.items() >= {"address": "local", "num_cpus": 6, "include_dashboard": False}.items()
    assert asked == {"num_cpus": 3, "num_gpus": 0.5, "memory": 1_500_000_000, "max_retries": launcher.LOST}


def test_a_cluster_that_runs_is_used_as_it_is(cluster: Cluster):
    job = Job("a", compose([]), ["mmexp", "train"])
    RayLauncher(address="10.0.0.1:6379").launch([job])
    assert cluster.calls[0][1]["address"] == "10.0.0.1:6379" and "num_cpus" not in cluster.calls[0][1]
    assert "RAY_USAGE_STATS_ENABLED" not in os.environ
    cluster.on, cluster.calls = True, []
    RayLauncher().launch([Job("a", compose([]), ["mmexp", "train"])])
    assert [name for name, _ in cluster.calls] == ["remote"]  # one that this process has started stays


def test_a_cluster_that_does_not_answer_is_named(cluster: Cluster):
    cluster.fails = ConnectionError("no route to host")
    with pytest.raises(
        ResourceError, match=r"address must be that of a Ray cluster that answers, got 10.0.0.1:1 \(no "
    ):
        RayLauncher(address="10.0.0.1:1").launch([Job("a", compose([]), ["mmexp", "train"])])


def test_what_ray_has_lost_is_killed_and_what_was_cancelled_is_stopped(cluster: Cluster):
    lost = cluster.exceptions.RayError("a\nThe node died.")  # type: ignore[attr-defined]
    outcome = RaySubmission(lost).outcome()
    assert outcome == Outcome("killed", "Ray has lost it: The node died.", is_lost=True)
    outcome = RaySubmission(cluster.exceptions.TaskCancelledError()).outcome()  # type: ignore[attr-defined]
    assert outcome == Outcome("stopped", "Cancelled by request.", is_lost=True)
    RaySubmission(lost).cancel(kill=True)
    assert cluster.calls == [("cancel", {"force": True})]


def test_without_the_package_there_is_a_hint(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match="package ray must be installed, got none") as error:
        RayLauncher(address="auto").launch([])
    assert error.value.hint == "Run: pip install ray"


def test_there_are_as_many_workers_as_there_are_cores_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(launcher, "cpu_count", lambda: 5)
    assert RayLauncher(cpus=2).workers == 2 and RayLauncher(cpus=8).workers == 1 and RayLauncher(workers=7).workers == 7
    with pytest.raises(ValueError, match="RayLauncher: cpus must be at least 1, got 0"):
        RayLauncher(cpus=0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_is_killed_is_replaced_and_its_run_resumed(
    make_lab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    if find_spec("ray") is None:
        pytest.skip("needs pip install 'mmexp[ray]'")
    monkeypatch.setenv("PYTHONPATH", str(Path(launcher.__file__).parents[2]))
    lab = make_lab(tmp_path / "outputs")
    words = [*lab.overrides, "training.epochs=80", "training.checkpoint_every=5", "fusion=concat,gated"]
    killed, listening = list[int](), set[str]()

    def kill() -> None:
        deadline = time.monotonic() + 120
        while not killed and time.monotonic() < deadline:
            time.sleep(0.1)
            listening.update(addresses())
            for sweep in sweeps(tmp_path / "outputs"):
                job = sweep.jobs[0]
                if job.run and list(job.run.checkpoints.glob("last*.ckpt")) and job.state().status == "running":
                    killed.append(parent(parent(job.attempts[-1].holder["pid"])))
                    os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    assert main(["train", "-m", *words, "launcher=ray", "launcher.workers=2"]) == 0
    thread.join()
    (sweep,) = sweeps(tmp_path / "outputs")
    assert killed and [job.state().status for job in sweep.jobs] == ["done", "done"]
    assert len(sweep.jobs[0].attempts) == 2 and len(sweep.jobs[1].attempts) == 1
    run = sweep.jobs[0].run
    assert run and len(json.loads(run.manifest.read_text())["resumed"]) == 1
    assert listening and listening <= {"127.0.0.1"}


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def addresses() -> set[str]:
    """Where processes of Ray listen on this machine."""
    inodes = set[str]()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"/ray/" in (process / "cmdline").read_bytes() or b"ray::" in (process / "cmdline").read_bytes():
                links = [os.readlink(path) for path in (process / "fd").iterdir()]
                inodes |= {link[8:-1] for link in links if link.startswith("socket:[")}
        except OSError:
            continue
    tables = [Path("/proc/net", name).read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table]
    found = {row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}
    return {socket.inet_ntoa(bytes.fromhex(one[-8:])[::-1]) for one in found}


def test_what_is_sent_is_what_every_machine_can_load():
    import pickle

    job = Job("a", compose([]), ["mmexp", "train"])
    assert isinstance(pickle.loads(pickle.dumps(RemoteJob(job, RayLauncher(), 3))), RemoteJob)
