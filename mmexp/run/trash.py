"""Runs that were put aside, in ``outputs/.trash/<name>/<run-id>/``: no verb sees them, and they can be restored."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from shlex import quote

from mmexp.error import ConfigError
from mmexp.run import provenance
from mmexp.run.folder import RunFolder, runs
from mmexp.run.jsonfile import read_json
from mmexp.run.lock import Lock
from mmexp.run.reference import not_one

NAME = ".trash"


def trashed(outputs: Path | str) -> list[RunFolder]:
    """All runs in the trash of a folder of runs, oldest first."""
    return runs(Path(outputs) / NAME)


def trash(folder: RunFolder) -> RunFolder:
    """Put a run aside.

    Returns:
        The run where it lies now.

    Raises:
        ConfigError: If it is running, here or elsewhere, or the trash has a run of its name and id.
    """
    refuse_running(folder)
    target = RunFolder(folder.path.parent.parent / NAME / folder.name / folder.id)
    with Lock(folder):
        _move(folder, target)
    return target


def restore(ref: str, outputs: Path | str) -> RunFolder:
    """Put a run back to where it was.

    Args:
        ref: Its id or the beginning of it.
        outputs: Folder of all runs.

    Raises:
        ConfigError: If no run of the trash, or more than one, answers to it, or there is a new run in its place.
    """
    known = trashed(outputs)
    found = [run for run in known if ref and run.id.startswith(ref)]
    if len(found) != 1:
        raise not_one(ref, [f"{run.name}/{run.id}" for run in found], [run.id for run in known], Path(outputs) / NAME)
    target = RunFolder((Path(outputs) / found[0].name / found[0].id).absolute())
    _move(found[0], target)
    return target


def delete(folder: RunFolder) -> None:
    """Delete a run for good, unless it is running.

    Raises:
        ConfigError: If it is running, here or elsewhere.
    """
    refuse_running(folder)
    with Lock(folder):
        shutil.rmtree(folder.path)


def refuse_running(folder: RunFolder) -> None:
    """Refuse a run that another machine works on, which no lock of this one may show.

    Raises:
        ConfigError: If its provenance says so.
    """
    try:
        state = provenance.status_of(folder, read_json(folder.manifest))
    except Exception:  # a broken run is not running
        return
    if state.startswith(provenance.RUNNING):
        raise ConfigError(f"runs: run must not be running, got {state} for {folder.id}.")


def _move(folder: RunFolder, target: RunFolder) -> None:
    if target.path.exists():
        hint = f"Run: ls -ld {quote(str(target.path))}"
        raise ConfigError(f"runs: {target.path} must be free, got a run that is there already.", hint)
    target.path.parent.mkdir(parents=True, exist_ok=True)
    os.rename(folder.path, target.path)
    target.lock.unlink(missing_ok=True)
