"""The folder of a sweep, ``outputs/sweep-<id>/``: what was asked for, and its jobs, see ``JobFolder``.

``sweep.json`` says what was typed. ``process-01.json`` is the lease of a process that works on it, ``end.json`` is
there once its search has nothing more to ask for, and ``stop`` while all are asked to stop.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any

from mmexp.error import ConfigError
from mmexp.run.atomic import FULL, TEMP, full_disk, remove_temp_files, sync_folder, write_atomic
from mmexp.run.command import OUTPUTS, line
from mmexp.run.job import STOP, JobFolder
from mmexp.run.jsonfile import read_json, write_json
from mmexp.run.lease import HeldLease, Lease, take
from mmexp.run.lock import is_locked, keep_from_children, release
from mmexp.run.redact import redact_tree

PREFIX = "sweep-"


@dataclass(frozen=True)
class SweepFolder:
    """Say where each file of a sweep lies.

    Args:
        path: The folder.
    """

    path: Path

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self.path.name

    @property
    def named(self) -> str:
        """How it is named on a command line: by its id if it lies in the usual folder of runs, else by its path."""
        usual = self.path.absolute().parent == Path(OUTPUTS).absolute()
        return self.id if usual else str(self.path.absolute())

    @property
    def request(self) -> dict[str, Any]:
        """What was asked for: words (of the runs), chosen (of launcher and search), config, plugins, cwd, digest."""
        return read_json(self.path / "sweep.json")

    def set_request(self, request: Mapping[str, Any]) -> None:
        """Record what is asked for, without secrets."""
        write_json(self.path / "sweep.json", redact_tree(dict(request)))

    @property
    def jobs(self) -> list[JobFolder]:
        """All jobs that are frozen, in order."""
        found = [JobFolder(path) for path in (self.path / "jobs").glob("[!.]*")]
        return sorted(found, key=lambda job: (job.frozen["position"], job.path.name))

    def job(self, words: Sequence[str]) -> JobFolder | None:
        """Return the job of these overrides; None if it is not frozen yet."""
        path = self.path / "jobs" / _id(words)
        return JobFolder(path) if path.is_dir() else None

    def add(self, words: Sequence[str], known: Mapping[str, Any], config: str) -> JobFolder:
        """Freeze a job, complete or not at all; if another process has done so, that one counts.

        Args:
            words: Its overrides.
            known: What else there is to know of it.
            config: The resolved config as YAML, without secrets.
        """
        path = self.path / "jobs" / _id(words)
        temp = path.with_name(f"{TEMP}{path.name}-{os.getpid()}-{os.urandom(2).hex()}")
        position = sum(1 for _ in path.parent.glob("[!.]*"))
        temp.mkdir(parents=True)
        try:
            write_atomic(temp / "config.yaml", config)
            write_json(temp / "job.json", redact_tree({"words": list(words), **known, "position": position}))
            with suppress(OSError):
                os.rename(temp, path)
                sync_folder(path.parent)
            if not path.is_dir():
                raise OSError(f"{path} could not be made")
        finally:
            shutil.rmtree(temp, ignore_errors=True)
        return JobFolder(path)

    def join(self) -> HeldLease:
        """Show that this process works on the sweep, and tidy up if no other does."""
        if not self.is_alive():
            for left in (self.path / "jobs").glob(f"{TEMP}*"):
                shutil.rmtree(left, ignore_errors=True)
        number = 1
        while (held := take(self.path / f"process-{number:02d}.json")) is None:
            number += 1
        return held

    def is_alive(self) -> bool:
        """Return whether any process works on it."""
        return any(Lease(path).is_alive() for path in self.path.glob("process-*.json"))

    def is_over(self) -> bool:
        """Return whether nothing of it is left to do."""
        return (self.path / "end.json").exists() and not any(job.state().is_open for job in self.jobs)

    def set_over(self, over: bool) -> None:
        """Record whether its search has nothing more to ask for, and tidy up after those who were killed."""
        if over:
            if not any(job.state().is_open for job in self.jobs):
                remove_temp_files(self.path)
            write_json(self.path / "end.json", {"jobs": len(self.jobs)})
        else:
            (self.path / "end.json").unlink(missing_ok=True)

    def line(self, verb: str, *words: str) -> str:
        """Return what to type to do something with the sweep; plugins of its jobs are part of it."""
        typed = [word for words in self.request["searched"] for word in words]
        plugins = dict.fromkeys(word for word in typed if word.startswith("plugins="))
        return line("sweep", verb, self.named, *words, *plugins)

    @property
    def stop(self) -> Path:
        """There while everybody is asked to stop."""
        return self.path / STOP

    def publish(self) -> SweepFolder:
        """Give a draft its final name."""
        while True:
            path = self.path.with_name(f"{PREFIX}{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.urandom(2).hex()}")
            if not path.exists():
                os.rename(self.path, path)
                sync_folder(path.parent)
                return SweepFolder(path.absolute())


@contextmanager
def drafted(outputs: Path | str) -> Iterator[SweepFolder]:
    """Yield a hidden folder to prepare a sweep in; it is removed unless it is published.

    Args:
        outputs: Folder of all runs.

    Raises:
        ConfigError: If nothing can be written there.
        ResourceError: If the disk is full.
    """
    parent = Path(outputs)
    there = parent.is_dir()
    path = parent / f"{TEMP}{PREFIX}{os.getpid()}-{os.urandom(4).hex()}"
    try:
        (path / "jobs").mkdir(parents=True)
    except OSError as error:
        if error.errno in FULL:
            raise full_disk(parent, error, 0) from error
        rule = "outputs must be a folder that can be written to"
        raise ConfigError(
            f"sweep: {rule}, got {outputs} ({error.strerror}).", f"Run: ls -ld {quote(str(outputs))}"
        ) from error
    handle = os.open(path, os.O_RDONLY)
    keep_from_children(handle)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove_dead_drafts(parent)
        yield SweepFolder(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)
        release(handle)
        if not there:
            with suppress(OSError):
                parent.rmdir()


def is_sweep(path: Path) -> bool:
    """Return whether a folder is that of a sweep."""
    return (path / "sweep.json").is_file()


def sweeps(outputs: Path | str = OUTPUTS) -> list[SweepFolder]:
    """All sweeps in a folder of runs, oldest first."""
    found = sorted(path for path in Path(outputs).glob(f"{PREFIX}*") if is_sweep(path))
    return [SweepFolder(path.absolute()) for path in found]


def find_sweep(ref: str, outputs: Path | str = OUTPUTS) -> SweepFolder:
    """Find one sweep.

    Args:
        ref: Its path, its id, the beginning of that (also without ``sweep-``), or ``last`` for the newest.
        outputs: Folder of all runs.

    Raises:
        ConfigError: If no sweep, or more than one, answers to ``ref``.
    """
    if ref and is_sweep(Path(ref)):
        return SweepFolder(Path(ref).absolute())
    known = sweeps(outputs)
    found = known[-1:] if ref == "last" else [one for one in known if one.id.startswith((ref, f"{PREFIX}{ref}"))]
    if len(found) != 1:
        listed = ", ".join(one.id for one in (found or known)[-5:]) or "none"
        hint = f"Choose one of: {listed}." if known else f"Run: {line('train', '-m', 'seed=0,1,2')}"
        raise ConfigError(f"sweep: id must name one sweep in {outputs}, got '{ref}' for {len(found)}.", hint)
    return found[0]


def _id(words: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(words)).encode()).hexdigest()[:12]


def _remove_dead_drafts(outputs: Path) -> None:
    """Remove what a killed process has left of a sweep that it prepared."""
    for path in outputs.glob(f"{TEMP}{PREFIX}*"):
        with suppress(OSError):
            if not is_locked(path):
                shutil.rmtree(path, ignore_errors=True)
