"""Checkpoints that are complete or absent, and are read only if their hash agrees."""

from __future__ import annotations

import hashlib
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from pytorch_lightning.plugins.io import CheckpointIO
from torch import Tensor

from mmexp.error import DataError
from mmexp.run.atomic import AtomicFile, atomic, write_atomic
from mmexp.run.checkpoints import hash_path, is_intact, remove
from mmexp.run.fault import inject_fault
from mmexp.training.callback.ema import AVERAGE


class AtomicCheckpointIO(CheckpointIO):
    """Write to a temp file, flush it to disk, store the hash, then rename.

    The hash is stored under the final name's ``.sha256`` before the rename: a name that exists always has its hash.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None) -> None:
        with atomic(Path(path)) as file:
            writer = _HashingFile(file)
            torch.save(checkpoint, writer)  # type: ignore[arg-type]
            file.flush()
            write_atomic(hash_path(Path(path)), writer.digest.hexdigest() + "\n")

    def load_checkpoint(
        self, path: str | Path, map_location: Any | None = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Return the checkpoint's plain containers and tensors; nothing in it can execute.

        Raises:
            DataError: If the file's hash differs from the one stored next to it, or it holds anything else.
        """
        if not is_intact(Path(path)):
            raise DataError("checkpoint must match the hash stored next to it, got another.", path=str(path))
        try:
            loaded: dict[str, Any] = torch.load(path, map_location=map_location or "cpu", weights_only=True)
        except UnpicklingError as error:
            message = f"checkpoint must hold plain values and tensors only, got {str(error).splitlines()[0]}"
            raise DataError(message, path=str(path)) from error
        return loaded

    def remove_checkpoint(self, path: str | Path) -> None:
        remove(Path(path))


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a checkpoint's weights: their running average if it has one.

    Raises:
        DataError: As ``AtomicCheckpointIO.load_checkpoint``.
    """
    checkpoint = AtomicCheckpointIO().load_checkpoint(path)
    return {**checkpoint["state_dict"], **checkpoint.get(AVERAGE, {})}


class _HashingFile:
    """A binary file that hashes what passes through it."""

    def __init__(self, file: AtomicFile) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> int:
        self.digest.update(data)
        written = self.file.write(data)
        inject_fault("checkpoint.half_written")
        return written

    def flush(self) -> None:
        self.file.flush()
