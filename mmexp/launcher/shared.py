"""Jobs that several processes share: each is trained by one of them, and one that is left behind by another."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from mmexp.error import FITS, Stopped
from mmexp.launcher.base import Launcher, Report
from mmexp.run.sweep import SweepFolder
from mmexp.runner.back_off import can_halve, shortages
from mmexp.runner.jobs import Job, has_failed

POLL = 0.5  # s between looks at what other processes do
TEMPORARY = (1, 5)  # exit codes of failures that another attempt may not have: an unexpected error, resources


def complete(launcher: Launcher, folder: SweepFolder, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
    """Launch jobs until each of them has ended, here or elsewhere; once, if their launcher does not wait for them.

    Args:
        launcher: Runs them.
        folder: Of their sweep.
        jobs: All of them, frozen.
        report: As of ``Launcher.launch``; also called with a job that is waited for.

    Raises:
        Stopped: If a signal came, or the sweep was asked to stop.
    """
    launched: list[Job] = []
    given_up: list[Job] = []
    try:
        while left := [job for job in jobs if job not in given_up and _is_left(job)]:
            if launcher.fail_fast and has_failed(launched):
                return
            if folder.stop.exists():
                raise Stopped("by request")
            if free := [job for job in left if job.is_free]:
                given_up += _launch(launcher, free, report)
                launched += free
                if not launcher.waits:
                    return
            else:
                _wait(left, report)
    except (Stopped, KeyboardInterrupt) as stop:
        done = sum(job.status == "done" for job in jobs)
        error = Stopped(f"Sweep: stopped with {done} of {len(jobs)} jobs done.")
        error.exit_code = stop.exit_code if isinstance(stop, Stopped) else 130
        raise error from None


def _is_left(job: Job) -> bool:
    """Whether a job has not ended; one that another process works on may yet be left to this one."""
    job.refresh()
    return job.status in ("waiting", "running", "stopped", "killed") or (job.retry and job.status == "failed")


def _launch(launcher: Launcher, free: Sequence[Job], report: Report) -> list[Job]:
    """Launch jobs once, and return those that are not to be launched again by this process."""
    for job in free:
        job.status, job.reason = "waiting", ""
    launcher.launch(free, report)
    if not launcher.waits:
        return []
    for job in free:
        _keep_end(job)
    if all(job.status == "waiting" and job.is_free for job in free):
        return list(free)
    ended = [job for job in free if job.status in ("failed", "stopped", "killed")]
    for job in ended:
        job.retry = _may_retry(job, launcher)
    return [job for job in ended if not job.retry]


def _keep_end(job: Job) -> None:
    """Record the end of a job whose launcher has trained it in this process, and so has not claimed it."""
    ended = job.status in ("done", "failed", "pruned", "killed")
    if job.record and ended and job.record.state().status != job.status:
        if job.folder:
            job.record.set_run(job.folder)
        job.end(job.status, job.reason, job.seconds or 0.0, os.getpid())


def _may_retry(job: Job, launcher: Launcher) -> bool:
    if job.record is None or job.status not in ("failed", "killed"):
        return False
    state = job.record.state()
    if launcher.back_off and FITS in state.reason:
        return can_halve(job.config, state.failures)
    others = len(state.failures) - shortages(state.failures)
    return others <= launcher.retries and (state.status == "killed" or state.exit_code in TEMPORARY)


def _wait(left: Sequence[Job], report: Report) -> None:
    """Wait until one of the jobs that other processes work on is free or has ended."""
    for job in left:
        report(job)
    before = [job.status for job in left]
    while [job.status for job in left] == before and not any(job.is_free for job in left):
        time.sleep(POLL)
        for job in left:
            job.refresh()
