"""Which checkpoint a run resumes from, and which one is evaluated."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from mmexp.error import DataError, NumericsError
from mmexp.run import advice
from mmexp.run.checkpoints import intact, is_intact, listed, step_of
from mmexp.run.folder import RunFolder
from mmexp.run.metrics import read_metrics
from mmexp.training.module import HINT


def choose_start(folder: RunFolder, console: Console) -> Path | None:
    """Return the newest checkpoint whose hash agrees; print which ones do not.

    Raises:
        DataError: If the best state so far is damaged, and no step is left to repeat that would write it again.
    """
    found = listed(folder.checkpoints, "last")
    for path in found:
        if is_intact(path):
            _refuse_lost_best(folder, path)
            console.print(f"Resuming from {path.name}.", highlight=False)
            return path
        console.print(f"{path} does not match its hash and is passed over.", highlight=False, soft_wrap=True)
    if found:
        console.print("No checkpoint is left; training starts again.", highlight=False)
    return None


def choose_best(folder: RunFolder, monitor: str) -> Path:
    """Return the checkpoint to evaluate.

    Raises:
        NumericsError: If the monitored metric never was a number.
        DataError: If the checkpoint does not match its hash.
    """
    if best := next(intact(folder.checkpoints, "best"), None):
        return best
    for path in listed(folder.checkpoints, "best"):
        raise _damaged(folder, path)
    sound = any(row.get("val/loss") is not None for row in read_metrics(folder.metrics))
    lacking = f"The loss is one: add validation samples for which {monitor.removeprefix('val/')} is defined."
    rule = f"Training: {monitor} must be a number at least once, got none."
    raise NumericsError(rule, hint=lacking if sound else HINT)


def _refuse_lost_best(folder: RunFolder, start: Path) -> None:
    best = listed(folder.checkpoints, "best")
    if best and step_of(best[0]) <= step_of(start) and not any(map(is_intact, best)):
        raise _damaged(folder, best[0])


def _damaged(folder: RunFolder, path: Path) -> DataError:
    hint = f"Run: {advice.train_again(folder)}"
    return DataError("checkpoint must match the hash stored next to it, got another.", path=str(path), hint=hint)
