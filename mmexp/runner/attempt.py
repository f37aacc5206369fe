"""Train one job in a process of its own: the work that a launcher starts, wherever that process runs."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from mmexp.config.config import Config
from mmexp.error import MmexpError, Pruned, Stopped
from mmexp.run.folder import RunFolder
from mmexp.run.job import Claim, JobFolder
from mmexp.run.signals import SignalReceived, signals_deferred
from mmexp.run.start import read_start
from mmexp.runner.back_off import halved
from mmexp.runner.jobs import Job
from mmexp.runner.process import Report, redirect


def run_job(report: Report, job: Job) -> None:
    """Train a job as a worker, and report the path of its run folder, whose log takes all output.

    One that belongs to a sweep is claimed first, and resumes the run of an earlier attempt.

    Raises:
        Stopped: If another process works on it, or has ended it.
        MmexpError: As ``run_training``.
    """
    redirect(Path(os.devnull), 1, 2)
    if job.record is None:
        _train(report, job.config, job)
        return
    failures = job.record.state().failures
    claim = job.record.claim(job.retry)
    if claim is None:
        raise Stopped("Sweep: another process has the job.")
    began = time.monotonic()
    with claim.held as held:
        held.beat(claim.watch)
        config, smaller = halved(job.config, failures)
        try:
            _train(report, resumable(config, job.record), replace(job, command=[*job.command, *smaller]))
        except BaseException as error:
            _end(claim, error, time.monotonic() - began)
            raise
        claim.end("done", f"with {' '.join(smaller)}" if smaller else "", time.monotonic() - began)


def resumable(config: Config, record: JobFolder) -> Config:
    """Return the config that resumes the run of an earlier attempt, or the same one if there is none of this batch."""
    run = record.run
    if run:
        run.remove_unbegun()
    size = int(config.node.training.batch_size)
    if run is None or not run.start.exists() or read_start(run).get("training", {}).get("batch_size") != size:
        return config
    node = config.node.copy()
    node.resume = str(run.path)
    return replace(config, node=node, words=())


def _train(report: Report, config: Config, job: Job) -> None:
    from rich.console import Console

    from mmexp.runner.run import run_training
    from mmexp.training.callback.pruning import PruningCallback

    def started(folder: RunFolder) -> None:
        redirect(folder.log, 1, 2)
        report(folder.path)

    callbacks = [PruningCallback(job.prune)] if job.prune else []
    planned = job.record.set_run if job.record else lambda folder: None
    run_training(config, job.command, Console(), started=started, callbacks=callbacks, planned=planned)


def _end(claim: Claim, error: BaseException, seconds: float) -> None:
    stopped = "stopped" if isinstance(error, Stopped | SignalReceived | KeyboardInterrupt) else "failed"
    status = "pruned" if isinstance(error, Pruned) else stopped
    expected = isinstance(error, MmexpError | SignalReceived)
    reason = str(error) if expected else f"{type(error).__name__}: {error}"
    code = error.exit_code if isinstance(error, MmexpError) else 1
    with signals_deferred():
        claim.end(status, reason.partition("\n")[0], seconds, code)
