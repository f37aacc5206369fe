"""One job of a sweep on disk: what it is, who has worked on it, and how that ended.

``<sweep>/jobs/<id>/`` holds ``job.json`` and ``config.yaml``, which never change; a lease ``attempt-01.json`` per try,
with ``attempt-01.end.json`` once it has ended; ``run.json``, which names the run folder; ``queue.json``, where it waits
in the queue of a cluster. The last attempt counts.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mmexp.error import DataError
from mmexp.run.atomic import remove_temp_files, write_once
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import dumps, read_json, write_json
from mmexp.run.lease import HeldLease, Lease, take
from mmexp.run.redact import redact

ENDED = ("done", "failed", "pruned")
"""How an attempt can end so that resuming the sweep does not begin another."""
STOP = "stop"
"""File in the folder of a sweep that asks everybody to stop working on it."""


@dataclass(frozen=True)
class JobState:
    """How far a job is.

    Args:
        status: waiting, running, done, failed, pruned, stopped or killed.
        reason: Why it is not done, or who runs it.
        seconds: How long its attempts have taken, as far as they have ended.
        failures: Attempts that have failed or were killed, by what they say.
        exit_code: Of the last attempt that has ended.
        here: Whether the last attempt was one of this machine.
    """

    status: str = "waiting"
    reason: str = ""
    seconds: float | None = None
    failures: tuple[str, ...] = ()
    exit_code: int = 0
    here: bool = True

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done, or being done."""
        return self.status not in ENDED


@dataclass(frozen=True)
class JobFolder:
    """Say where each file of a job lies, and how far it is.

    Args:
        path: The folder.
    """

    path: Path

    @cached_property
    def frozen(self) -> dict[str, Any]:
        """What it is: label, words (overrides), typed (keys), command, key, position."""
        return read_json(self.path / "job.json")

    @property
    def config(self) -> Path:
        """The resolved config."""
        return self.path / "config.yaml"

    @property
    def outputs(self) -> Path:
        """Folder of all runs, in which the sweep lies."""
        return self.path.parents[2]

    @property
    def run(self) -> RunFolder | None:
        """Its run folder; None before there is one, or if it was removed."""
        try:
            path = self.outputs / str(read_json(self.path / "run.json")["run"])
        except FileNotFoundError:
            return None
        return RunFolder(path) if path.is_dir() else None

    def set_run(self, folder: RunFolder) -> None:
        """Record the run folder: as seen from the folder of all runs, so that both can be moved."""
        path, outputs = folder.path.absolute(), self.outputs.absolute()
        known = path.relative_to(outputs) if path.is_relative_to(outputs) else path
        write_json(self.path / "run.json", {"run": known})

    @property
    def queue(self) -> str:
        """Where it was put into a queue of a cluster last, such as ``Slurm 4242_0``; empty if it never was."""
        try:
            return str(read_json(self.path / "queue.json")["queue"])
        except FileNotFoundError:
            return ""

    def set_queue(self, queue: str) -> None:
        """Record where it waits; empty once it does not any more."""
        write_json(self.path / "queue.json", {"queue": queue})

    @property
    def attempts(self) -> list[Lease]:
        """All tries, the last one last."""
        return [Lease(path) for path in sorted(self.path.glob("attempt-*.json")) if path.suffixes == [".json"]]

    def state(self) -> JobState:
        """Return how far it is."""
        attempts = self.attempts
        if not attempts:
            return JobState(reason=f"queued as {queue}" if (queue := self.queue) else "")
        ends = [_end(one) for one in attempts]
        known: dict[str, Any] = {
            "seconds": sum(end.get("seconds") or 0.0 for end in ends),
            "failures": tuple(end["reason"] for end in ends if end.get("status") in ("failed", "killed")),
            "exit_code": ends[-1].get("exit_code", 0),
            "here": attempts[-1].is_here,
        }
        if not ends[-1]:
            who = attempts[-1].holder
            if attempts[-1].is_alive():
                return JobState("running", f"by {who.get('pid')} on {who.get('host')}", **known)
            if not (end := _end(attempts[-1])):  # it may have ended between the two looks
                return JobState("killed", "Its process is gone.", **known)
            ends[-1] = end
        return JobState(str(ends[-1]["status"]), str(ends[-1]["reason"]), **known)

    def is_free(self, retry: bool = False) -> bool:
        """Return whether it may be worked on: nobody does, it has not ended, and the sweep is not asked to stop.

        Args:
            retry: Whether it may have failed.
        """
        if (self.path.parents[1] / STOP).exists():
            return False
        state = self.state()
        open_ = state.status != "running" and (state.is_open or (retry and state.status == "failed"))
        attempts = self.attempts[-1:]
        return open_ and not any(one.is_here and one.is_alive() for one in attempts)

    def claim(self, retry: bool = False) -> Claim | None:
        """Begin an attempt, unless the job is not free or another process is faster."""
        if not self.is_free(retry):
            return None
        attempts = self.attempts
        number = int(attempts[-1].path.stem.partition("-")[2]) + 1 if attempts else 1
        held = take(self.path / f"attempt-{number:02d}.json")
        if held is None:
            return None
        remove_temp_files(self.path)
        if attempts and not attempts[-1].is_here and self.run:
            self.run.lock.unlink(missing_ok=True)  # of a machine that shows no sign of life any more
        return Claim(self, held)

    def close(self, pid: int, status: str, reason: str, seconds: float, exit_code: int = 0) -> None:
        """End the attempt of a process that is gone, unless it has done so itself; record one if it has begun none.

        One that was only stopped leaves nothing to record.

        Args:
            pid: Of the process, on this machine.
            status: As of ``JobState``.
            reason: Why it is not done.
            seconds: How long it took.
            exit_code: Of the process.
        """
        own = [one for one in self.attempts if one.is_here and one.holder.get("pid") == pid]
        if own:
            _write_end(own[-1], status, reason, seconds, exit_code)
        elif status != "stopped" and (claim := self.claim()):
            with claim.held:
                claim.end(status, reason, seconds, exit_code)


class Claim:
    """The attempt of this process.

    Args:
        job: What it works on.
        held: The lease of it.
    """

    def __init__(self, job: JobFolder, held: HeldLease) -> None:
        self.job, self.held = job, held
        self._asked = False

    def watch(self) -> None:
        """End this process if another has taken over, and ask it to stop if the sweep is to stop."""
        if self.job.attempts[-1].path != self.held.path:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        if not self._asked and (self.job.path.parents[1] / STOP).exists():
            self._asked = True
            os.kill(os.getpid(), signal.SIGTERM)

    def end(self, status: str, reason: str, seconds: float, exit_code: int = 0) -> None:
        """Record how the attempt ended; only the first end counts."""
        _write_end(Lease(self.held.path), status, reason, seconds, exit_code)


def _write_end(attempt: Lease, status: str, reason: str, seconds: float, exit_code: int) -> None:
    end = {"status": status, "reason": redact(reason), "seconds": round(seconds, 2), "exit_code": exit_code}
    write_once(attempt.path.with_suffix(".end.json"), dumps(end))


def _end(attempt: Lease) -> dict[str, Any]:
    """How an attempt ended; empty if it has not."""
    try:
        return read_json(attempt.path.with_suffix(".end.json"))
    except (FileNotFoundError, DataError):
        return {}
