"""Names, hashes and choice of the files in a run's ``checkpoints/``; no torch needed."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Literal

from mmexp.run.atomic import TEMP, atomic
from mmexp.run.folder import RunFolder

Role = Literal["last", "best"]


def checkpoint_name(role: Role, epoch: int, step: int) -> str:
    """``last-epoch03-step000120.ckpt``"""
    return f"{role}-epoch{epoch:02d}-step{step:06d}.ckpt"


def listed(folder: Path, role: Role) -> list[Path]:
    """Files of a role, newest step first."""
    return sorted(folder.glob(f"{role}-epoch*-step*.ckpt"), key=step_of, reverse=True)


def step_of(path: Path) -> int:
    """Optimizer step that a checkpoint is named after; -1 if it was named by someone else."""
    digits = path.stem.rpartition("step")[2]
    return int(digits) if digits.isdecimal() else -1


def intact(folder: Path, role: Role) -> Iterator[Path]:
    """Files of a role whose hash agrees, newest first."""
    return (path for path in listed(folder, role) if is_intact(path))


def best_weights(run: RunFolder) -> Path | None:
    """Return the weights that a package holds, else the best checkpoint of a run, else the last that is intact."""
    if run.weights.is_file():
        return run.weights
    return next(chain(listed(run.checkpoints, "best"), intact(run.checkpoints, "last")), None)


def is_intact(path: Path) -> bool:
    """Whether the file's hash is the one stored next to it."""
    note = hash_path(path)
    return note.exists() and sha256_of(path) == note.read_text(errors="replace").strip()


def hash_path(path: Path) -> Path:
    """Where a checkpoint's hash is stored."""
    return path.with_name(path.name + ".sha256")


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_tensors(path: Path) -> str:
    """Hex digest of all tensors in a checkpoint: equal where the file differs only in times; empty if unreadable."""
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as archive:
            places = [name.rpartition("/data/") for name in archive.namelist()]
            numbered = sorted(
                (int(number), f"{folder}/data/{number}") for folder, _, number in places if number.isdecimal()
            )
            for _, name in numbered:
                digest.update(archive.read(name))
    except (OSError, zipfile.BadZipFile):
        return ""
    return digest.hexdigest()


def hard_link(path: Path, name: str) -> Path:
    """Make a checkpoint known by another name too; no more space is used where the disk has hard links."""
    second = path.with_name(name)
    for source, target in ((hash_path(path), hash_path(second)), (path, second)):
        _link(source, target)
    return second


def prune(newest: Path, keep: int) -> None:
    """Drop the files of a checkpoint's role but itself and the ``keep - 1`` before it.

    One of a later step is left from before the run fell back to an earlier state, and goes too.
    """
    role: Role = "best" if newest.name.startswith("best") else "last"
    others = [path for path in listed(newest.parent, role) if path != newest]
    earlier = [path for path in others if step_of(path) < step_of(newest)]
    for path in others:
        if path not in earlier[: keep - 1]:
            remove(path)


def remove(path: Path) -> None:
    """Remove a checkpoint and its hash, in this order, so that a name never stands without one."""
    for file in (path, hash_path(path)):
        file.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove hashes whose file a killed writer never finished."""
    for note in folder.glob("*.ckpt.sha256"):
        if not note.with_suffix("").exists():
            note.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    temp = target.with_name(f"{TEMP}{target.name}-{os.getpid()}")
    try:
        os.link(source, temp)
        os.replace(temp, target)
    except OSError:  # a filesystem without hard links
        with open(source, "rb") as original, atomic(target) as copy:
            shutil.copyfileobj(original, copy)
    finally:
        temp.unlink(missing_ok=True)
