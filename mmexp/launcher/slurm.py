"""Jobs in the queue of a cluster that Slurm manages."""

from __future__ import annotations

import getpass
import multiprocessing
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mmexp.error import ConfigError, ResourceError
from mmexp.launcher.base import Report
from mmexp.launcher.remote import Outcome, RemoteJob, RemoteLauncher
from mmexp.run.job import STOP
from mmexp.runner.jobs import Job

if TYPE_CHECKING:
    from submitit import AutoExecutor
    from submitit import Job as Submitted
    from submitit.helpers import DelayedSubmission

LOOK = 10.0  # s between questions to the queue
HOLD = 120.0  # s to wait for the end of an allocation that Slurm has announced
SAVE = 60.0  # s that a run has to save its state
NOTICE = 90  # s before the end of the time at which a run is asked to save its state


class SlurmJob(RemoteJob):
    """Train one job in an allocation. Before that ends, the run saves its state, and the job is queued again.

    Slurm announces a preemption, and a cancellation, by SIGTERM. Which of both it is shows what follows: the signal by
    which submitit queues the job again, or the end.
    """

    def __call__(self) -> Outcome:
        outcome = super().__call__()
        if outcome.status == "stopped" and not (self.record and (self.record.path.parents[1] / STOP).exists()):
            time.sleep(HOLD)
        return outcome

    def checkpoint(self) -> DelayedSubmission:
        """Save the state of the run, and return what is queued again; called by a signal."""
        from submitit.helpers import DelayedSubmission

        if not self.launcher.signals:
            os.kill(os.getpid(), signal.SIGTERM)
        for process in multiprocessing.active_children():
            process.join(SAVE)
        return DelayedSubmission(self)


class SlurmLauncher(RemoteLauncher):
    """Put jobs into the queue of Slurm, as one job array, and return; they are watched and resumed by their sweep.

    A job whose allocation ends, because its time is up or others go first, is queued again and resumes its run; after
    three times for lack of time it is left to ``mmexp sweep resume``. What is in the queue is not put there again.

    Args:
        workers: Jobs at once.
        wait: Whether to wait for the jobs, and cancel them with Ctrl-C. Baselines, which no sweep can resume, are
            waited for anyway.
        partition: Of the cluster; None for its default.
        time: Minutes of one allocation.
        gpus: GPUs of each job.
        cpus: Cores of each job.
        memory: GB of each job; None for the default of the cluster.
        retries: As of ``Launcher``, within an allocation.
        options: More options of ``sbatch``, such as ``{account: mine, qos: long}``.
        cluster: ``slurm``; ``local`` runs the jobs on this machine, without a limit if nobody waits, to try it out.

    Raises:
        ValueError: If time or cores are not positive, or there is no such cluster.
    """

    def __init__(
        self,
        *,
        workers: int = 32,
        wait: bool = False,
        partition: str | None = None,
        time: int = 60,
        gpus: int = 0,
        cpus: int = 1,
        memory: float | None = None,
        retries: int = 0,
        options: Mapping[str, Any] | None = None,
        cluster: Literal["slurm", "local"] = "slurm",
    ) -> None:
        super().__init__(workers=workers, retries=retries)
        for name, value in {"time": time, "cpus": cpus}.items():
            if value < 1:
                raise ValueError(f"SlurmLauncher: {name} must be at least 1, got {value}.")
        if cluster not in ("slurm", "local"):
            raise ValueError(f"SlurmLauncher: cluster must be slurm or local, got {cluster!r}.")
        self.waits, self.cluster, self.partition, self.options = wait, cluster, partition, dict(options or {})
        self.time, self.gpus, self.cpus, self.memory = time, gpus, cpus, memory

    @property
    def capacity(self) -> int:
        """All jobs, of which Slurm lets so many run as there are workers; another queue would let all run."""
        return self.workers if self.cluster == "local" else 1 << 20

    def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
        if self.waits or any(job.record is None for job in jobs):
            super().launch(jobs, report)
            return
        self.submit([job for job in jobs if job.is_free])
        for job in jobs:
            job.refresh()
            report(job)

    def submit(self, jobs: Sequence[Job]) -> Sequence[SlurmSubmission]:
        there, known = queued(self.cluster), [_id(job) for job in jobs]
        sent = iter(self._send([job for job, id in zip(jobs, known, strict=True) if id not in there]))
        return [
            SlurmSubmission(job, id, self.cluster) if id in there else next(sent)
            for job, id in zip(jobs, known, strict=True)
        ]

    def _send(self, jobs: Sequence[Job]) -> list[SlurmSubmission]:
        """Put jobs into the queue as one array."""
        if not jobs:
            return []
        executor = self._executor(_folder(jobs[0]))
        with executor.batch():
            submitted = [executor.submit(SlurmJob(job, self, self.cpus)) for job in jobs]
        for job, one in zip(jobs, submitted, strict=True):
            if job.record:
                job.record.set_queue(f"{self.cluster} {one.job_id}")
        return [SlurmSubmission(job, one.job_id, self.cluster, one) for job, one in zip(jobs, submitted, strict=True)]

    def _executor(self, folder: Path) -> AutoExecutor:
        try:
            from submitit import AutoExecutor
        except ModuleNotFoundError as error:
            rule = "launcher=slurm: package submitit must be installed, got none"
            raise ConfigError(f"{rule}.", "Run: pip install submitit") from error
        if self.cluster == "slurm" and not shutil.which("srun"):
            rule = "launcher=slurm: this machine must have Slurm, got no command srun"
            raise ConfigError(f"{rule}.", "Log in to the cluster; launcher.cluster=local tries it out on this machine.")
        executor = AutoExecutor(folder, cluster=self.cluster)
        executor.update_parameters(
            name="mmexp",
            timeout_min=self.time,
            gpus_per_node=self.gpus or None,
            cpus_per_task=self.cpus,
            mem_gb=self.memory,
            tasks_per_node=1,
            slurm_partition=self.partition,
            slurm_array_parallelism=self.workers,
            slurm_signal_delay_s=NOTICE,
            slurm_additional_parameters={"requeue": True, **self.options},
        )
        return executor


class SlurmSubmission:
    """One job in the queue.

    Args:
        job: What is trained.
        id: Of the job in the queue.
        cluster: Whose queue it is.
        submitted: As submitit knows it; None if it was in the queue already.
    """

    def __init__(self, job: Job, id: str, cluster: str, submitted: Submitted[Outcome] | None = None) -> None:
        self.job, self.id, self.cluster, self.submitted = job, id, cluster, submitted
        self._looked = time.monotonic()

    def outcome(self) -> Outcome | None:
        """Return how it has ended: what it has written down, or that it has left the queue without."""
        if (found := self._written()) or time.monotonic() - self._looked < LOOK:
            return found
        self._looked = time.monotonic()
        if self.id in queued(self.cluster):
            return None
        return self._written(left=True) or Outcome("killed", f"It has left the queue as {self.id}.", is_lost=True)

    def cancel(self, kill: bool) -> None:
        """Cancel it; Slurm lets it save its state, and kills it half a minute later."""
        with suppress(OSError):
            if self.cluster == "local":
                os.kill(int(self.id), signal.SIGINT)
            else:
                subprocess.run(["scancel", self.id], check=False, timeout=60)

    def _written(self, left: bool = False) -> Outcome | None:
        """What it has written down: in its folder, of which a failure may yet be tried again, or in a result."""
        if self.job.record:
            state = self.job.record.state()
            ended = state.status in (("done", "pruned", "failed", "stopped") if left else ("done", "pruned"))
            return Outcome(state.status, state.reason) if ended else None
        if self.submitted is None or not self.submitted.paths.result_pickle.exists():
            return None
        try:
            return self.submitted.result()
        except Exception:  # of whatever kind the job has raised
            return Outcome("failed", f"It has raised an error; see {self.submitted.paths.stderr}")


def queued(cluster: str) -> set[str]:
    """Return the ids of all jobs of the user that wait or run; empty if the queue does not answer."""
    if cluster == "local":
        return {path.name for path in Path("/proc").glob("[0-9]*") if _is_controller(path)}
    words = ["squeue", "--noheader", "--array", "--user", getpass.getuser(), "--format", "%i"]
    try:
        return set(subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout.split())
    except FileNotFoundError:
        return set()
    except (OSError, subprocess.SubprocessError) as error:
        raise ResourceError(f"launcher: queue of Slurm must answer, got {error}.", "Try again later.") from error


def _is_controller(process: Path) -> bool:
    """Whether a process is one by which submitit runs a job on this machine."""
    with suppress(OSError):
        return b"submitit.local._local" in (process / "cmdline").read_bytes()
    return False


def _id(job: Job) -> str:
    """Under which a job was put into the queue last; empty if it never was."""
    return job.record.queue.rpartition(" ")[2] if job.record else ""


def _folder(job: Job) -> Path:
    """Where what is sent, and what it prints, is kept: in the sweep, or hidden among the runs."""
    if job.record:
        return job.record.path.parents[1] / "slurm"
    return Path(str(job.config.node.outputs)).absolute() / ".slurm"
