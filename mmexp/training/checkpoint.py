"""Checkpoints that are complete or absent, and are read only if their hash agrees."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from pytorch_lightning.plugins.io import CheckpointIO
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from mmexp.error import ConfigError, DataError
from mmexp.run.atomic import AtomicFile, atomic, write_atomic
from mmexp.run.checkpoints import hash_path, is_intact, remove
from mmexp.run.fault import inject_fault
from mmexp.training.callback.ema import AVERAGE

FORMAT = 1
"""Of the checkpoints that are written; read is this one, and those from before it was written down."""
WEIGHTS = ("state_dict",)
TRAINING = (*WEIGHTS, "optimizer_states", "lr_schedulers", "loops", "callbacks", "global_step", "epoch")


class AtomicCheckpointIO(CheckpointIO):
    """Write to a temp file, flush it to disk, store the hash, then rename.

    The hash is stored under the final name's ``.sha256`` before the rename: a name that exists always has its hash.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None) -> None:
        with atomic(Path(path)) as file:
            writer = _HashingFile(file)
            torch.save({**checkpoint, "format": FORMAT}, writer)  # type: ignore[arg-type]
            file.flush()
            write_atomic(hash_path(Path(path)), writer.digest.hexdigest() + "\n")

    def load_checkpoint(
        self, path: str | Path, map_location: Any | None = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Return a state that training resumes from: plain containers and tensors; nothing in it can execute.

        Raises:
            DataError: If the file's hash differs from the one stored next to it, or it is no such state.
        """
        return _read(Path(path), TRAINING, map_location)

    def remove_checkpoint(self, path: str | Path) -> None:
        remove(Path(path))


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a checkpoint's weights: their running average if it has one.

    Raises:
        DataError: As ``AtomicCheckpointIO.load_checkpoint``.
    """
    if path.suffix == ".safetensors":
        return _read_plain(path)
    checkpoint = _read(path, WEIGHTS)
    return {**checkpoint["state_dict"], **checkpoint.get(AVERAGE, {})}


def write_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write weights alone, in a file that holds nothing but numbers, with its hash next to it."""
    data = save({name: value.detach().cpu().contiguous().clone() for name, value in weights.items()})
    write_atomic(hash_path(path), hashlib.sha256(data).hexdigest() + "\n")
    write_atomic(path, data)


def _read_plain(path: Path) -> dict[str, Tensor]:
    """Read what ``write_weights`` has written."""
    _refuse_damaged(path)
    try:
        return load(path.read_bytes())
    except (SafetensorError, ValueError) as error:
        raise DataError(f"weights must be a file of safetensors, got: {error}", path=str(path)) from error


def _refuse_damaged(path: Path) -> None:
    if not is_intact(path):
        raise DataError("checkpoint must match the hash stored next to it, got another.", path=str(path))


def refuse_other_weights(own: Mapping[str, Tensor], found: Mapping[str, Tensor], path: str) -> None:
    """Refuse weights that are not those of a model.

    Args:
        own: Weights of the model.
        found: Weights of the checkpoint.
        path: Of the checkpoint.

    Raises:
        ConfigError: If a name is lacking or unknown, or a shape is another; names the first of each.
    """
    shapes = {name: tuple(value.shape) for name, value in own.items()}
    others = {name: tuple(value.shape) for name, value in found.items()}
    wrong = [
        *(f"no '{name}'" for name in [name for name in shapes if name not in others][:1]),
        *(f"an unknown '{name}'" for name in [name for name in others if name not in shapes][:1]),
        *(
            f"'{name}' of shape {others[name]} instead of {shape}"
            for name, shape in [pair for pair in shapes.items() if others.get(pair[0], pair[1]) != pair[1]][:1]
        ),
    ]
    if wrong:
        raise ConfigError(f"{path}: weights must fit the model, got {' and '.join(wrong)}.", _OTHER)


_OTHER = "Use the mmexp and the config.yaml that the run was trained with, or train a new run."


def _read(path: Path, parts: Sequence[str], map_location: Any | None = None) -> dict[str, Any]:
    """Read a checkpoint that has certain parts."""
    _refuse_damaged(path)
    try:
        loaded = torch.load(path, map_location=map_location or "cpu", weights_only=True)
    except UnpicklingError as error:
        message = f"checkpoint must hold plain values and tensors only, got {str(error).splitlines()[0]}"
        raise DataError(message, path=str(path)) from error
    except (RuntimeError, EOFError) as error:
        raise DataError(f"checkpoint must be one that torch has saved, got: {error}", path=str(path)) from error
    if not isinstance(loaded, dict):
        raise DataError(f"checkpoint must be a dictionary, got {type(loaded).__name__}.", path=str(path), hint=_OTHER)
    if (version := loaded.get("format", 0)) not in range(FORMAT + 1):
        raise DataError(f"checkpoint must be of format {FORMAT}, got {version}.", path=str(path), hint=_OTHER)
    if lacking := [part for part in parts if part not in loaded]:
        message = f"checkpoint must hold {', '.join(parts)}, got no {', '.join(lacking)}."
        raise DataError(message, path=str(path), hint=_OTHER)
    return loaded


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
