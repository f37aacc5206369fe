"""Names, hashes and choice of the files in a run's ``checkpoints/``; no torch needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Role = Literal["last", "best"]


def checkpoint_name(role: Role, epoch: int, step: int) -> str:
    """``last-epoch03-step000120.ckpt``"""
    return f"{role}-epoch{epoch:02d}-step{step:06d}.ckpt"


def listed(folder: Path, role: Role) -> list[Path]:
    """Files of a role, newest step first."""
    return sorted(folder.glob(f"{role}-*.ckpt"), key=lambda path: path.stem.rsplit("step", 1)[-1], reverse=True)


def intact(folder: Path, role: Role) -> Iterator[Path]:
    """Files of a role whose hash agrees, newest first."""
    return (path for path in listed(folder, role) if is_intact(path))


def is_intact(path: Path) -> bool:
    """Whether the file's hash is the one stored beside it."""
    note = hash_path(path)
    return note.exists() and sha256_of(path) == note.read_text().strip()


def hash_path(path: Path) -> Path:
    """Where a checkpoint's hash is stored."""
    return path.with_name(path.name + ".sha256")


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep(folder: Path) -> None:
    """Remove hashes whose file a killed writer never finished."""
    for note in folder.glob("*.ckpt.sha256"):
        if not note.with_suffix("").exists():
            note.unlink(missing_ok=True)
