"""Jobs on this machine, each in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from mmexp.error import Stopped
from mmexp.launcher.base import Launcher, Report
from mmexp.run.machine import cpu_count, gpus, memory
from mmexp.runner.attempt import run_job
from mmexp.runner.jobs import Job, has_failed
from mmexp.runner.process import GRACE
from mmexp.runner.worker import Worker, supervised, wait, warm_up

POLL = 0.5  # s
SHARE = 2 << 30  # bytes of memory that a job needs at least
OVERDUE = 143  # exit code of a job that was stopped because it took too long


class LocalLauncher(Launcher):
    """Run jobs on this machine, one process each, which divide the threads among them.

    The first Ctrl-C lets running jobs save their state and stop, the second kills them.

    Args:
        workers: Jobs at once.
        slots: ``auto`` for one job per GPU, which sees no other one, or per core where there is none, as far as there
            are 2 GiB of memory for each; None for ``workers`` jobs, which all see all GPUs.
        time_limit: As of ``Launcher``.
        fail_fast: As of ``Launcher``.
        retries: As of ``Launcher``.
        back_off: As of ``Launcher``.

    Attributes:
        signals: Those to stop that have come since ``launch`` was called.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        slots: Literal["auto"] | None = None,
        time_limit: float | None = None,
        fail_fast: bool = False,
        retries: int = 0,
        back_off: bool = True,
    ) -> None:
        if slots not in (None, "auto"):
            raise ValueError(f"LocalLauncher: slots must be auto or null, got {slots!r}.")
        self.slots = _slots() if slots else [{} for _ in range(workers)]
        self.signals: list[int] = []
        super().__init__(
            workers=len(self.slots) if slots else workers,
            time_limit=time_limit,
            fail_fast=fail_fast,
            retries=retries,
            back_off=back_off,
        )

    def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
        waiting, running = list(jobs), dict[Worker, Job]()
        free: list[Mapping[str, str]] = list(self.slots)
        taken: dict[Worker, Mapping[str, str]] = {}
        warm_up({module for job in jobs for module in job.config.modules})
        with supervised(running) as signals:
            self.signals = signals
            while waiting or running:
                if signals or (self.fail_fast and has_failed(jobs)):
                    waiting.clear()
                if waiting and free:
                    if (job := waiting.pop(0)).is_free:
                        worker = Worker(run_job, (job,), env=free[0], share=self.workers)
                        running[worker], taken[worker] = job, free.pop(0)
                        job.status, job.reason = "running", ""
                        report(job)
                else:
                    wait(running, POLL)
                    for worker, job in self._ended(running, bool(signals)):
                        free.append(taken.pop(worker))
                        report(job)
        if signals:
            done = sum(job.status == "done" for job in jobs)
            stop = Stopped(f"Sweep: stopped with {done} of {len(jobs)} jobs done.")
            stop.exit_code = 128 + signals[0]
            raise stop

    def _ended(self, running: dict[Worker, Job], stopping: bool) -> list[tuple[Worker, Job]]:
        """Take the jobs that have ended from those that run; stop and then kill what is late."""
        ended = []
        for worker, job in list(running.items()):
            late = worker.seconds - self.time_limit if self.time_limit else 0
            why = f"It took longer than {self.time_limit:g} s." if late > 0 else ""
            if (why or stopping) and worker.request_stop(why) and why and job.record:
                job.end("failed", why, worker.seconds, worker.pid, OVERDUE)  # which resuming does not begin again
            if late > GRACE:
                worker.kill()
            over = worker.poll()
            job.path = worker.reported
            if over and worker.end:
                del running[worker]
                if job.folder:
                    job.folder.remove_unbegun()
                job.end(worker.end.status, worker.end.message, worker.seconds, worker.pid, worker.end.exit_code)
                ended.append((worker, job))
        return ended


def _slots() -> list[dict[str, str]]:
    """The environment of each job that this machine has room for at once."""
    if found := gpus():
        return [{"CUDA_VISIBLE_DEVICES": name} for name in found]
    known = memory()
    return [{} for _ in range(max(1, min(cpu_count(), known[1] // SHARE if known else 1)))]
