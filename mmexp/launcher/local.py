"""Jobs on this machine, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mmexp.config.config import Config
from mmexp.error import Stopped
from mmexp.launcher.base import Launcher, Report
from mmexp.run.folder import RunFolder
from mmexp.runner.jobs import Job, has_failed
from mmexp.runner.process import GRACE, redirect
from mmexp.runner.process import Report as Send
from mmexp.runner.worker import Worker, supervised, wait

POLL = 0.5  # s


class LocalLauncher(Launcher):
    """Run jobs on this machine, one process each, which divide the threads among them.

    The first Ctrl-C lets running jobs save their state and stop, the second kills them.
    """

    def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
        waiting, running = list(jobs), dict[Worker, Job]()
        with supervised(running) as signals:
            while waiting or running:
                if signals or (self.fail_fast and has_failed(jobs)):
                    waiting.clear()
                if waiting and len(running) < self.workers:
                    job = waiting.pop(0)
                    running[Worker(run_job, (job.config, job.command), share=self.workers)] = job
                    job.status = "running"
                    report(job)
                else:
                    wait(running, POLL)
                    for job in self._ended(running, bool(signals)):
                        report(job)
        if signals:
            done = sum(job.status == "done" for job in jobs)
            stop = Stopped(f"Sweep: stopped with {done} of {len(jobs)} jobs done.")
            stop.exit_code = 128 + signals[0]
            raise stop

    def _ended(self, running: dict[Worker, Job], stopping: bool) -> list[Job]:
        """Take the jobs that have ended from those that run; stop and then kill what is late."""
        ended = []
        for worker, job in list(running.items()):
            late = worker.seconds - self.time_limit if self.time_limit else 0
            if late > 0 or stopping:
                worker.request_stop(f"It took longer than {self.time_limit:g} s." if late > 0 else "")
            if late > GRACE:
                worker.kill()
            over = worker.poll()
            job.path = worker.reported
            if over and worker.end:
                del running[worker]
                job.status, job.seconds = worker.end.status, worker.seconds
                job.reason = worker.end.message.partition("\n")[0]
                if job.folder:
                    job.folder.remove_unbegun()
                ended.append(job)
        return ended


def run_job(report: Send, config: Config, command: Sequence[str]) -> None:
    """Train one job as a worker, and report the path of its run folder, whose log takes all output."""
    from rich.console import Console

    from mmexp.runner.run import run_training

    def started(folder: RunFolder) -> None:
        redirect(folder.log, 1, 2)
        report(folder.path)

    redirect(Path(os.devnull), 1, 2)
    run_training(config, command, Console(), started=started)
