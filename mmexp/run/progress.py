"""How far a run is, by the rows that it has logged; its own process is never asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mmexp.error import DataError
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json
from mmexp.run.metrics import read_metrics
from mmexp.run.start import read_start

_RECENT = 10  # rows of which the speed is taken


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Args:
        epoch: Epochs done, as of the newest row.
        epochs: Epochs in all; None if that is not known.
        step: Optimizer steps done.
        seconds: That the training has taken, without those between a stop and its resumption.
        speed: Optimizer steps per second lately; None before there are two rows.
        monitor: Metric by which the best checkpoint is chosen; empty if that is not known.
        score: Its value at the newest validation.
    """

    epoch: float = 0.0
    epochs: int | None = None
    step: int = 0
    seconds: float | None = None
    speed: float | None = None
    monitor: str = ""
    score: float | None = None

    @property
    def left(self) -> float | None:
        """Seconds to the last epoch, if each takes as long as those done have; a run may stop early."""
        if not self.epochs or not self.epoch or self.seconds is None:
            return None
        return max(0.0, (self.epochs - self.epoch) * self.seconds / self.epoch)


def progress(folder: RunFolder) -> Progress:
    """Return how far a run is; what cannot be read is not known."""
    epochs = read_start(folder).get("training", {}).get("epochs")
    monitor = str(_known(folder).get("monitor", ""))
    rows = [row for row in _rows(folder.metrics) if isinstance(row.get("time"), int | float)]
    if not rows:
        return Progress(epochs=epochs, monitor=monitor)
    newest = max(rows, key=lambda row: row["step"])
    scores = [row[monitor] for row in rows if row.get(monitor) is not None]
    return Progress(
        epoch=float(newest.get("epoch") or 0.0),
        epochs=epochs,
        step=newest["step"],
        seconds=max(row["time"] for row in rows),
        speed=_speed(rows[-_RECENT:]),
        monitor=monitor,
        score=scores[-1] if scores else None,
    )


def _speed(rows: Sequence[Mapping[str, Any]]) -> float | None:
    steps, seconds = (rows[-1][key] - rows[0][key] for key in ("step", "time"))
    return steps / seconds if steps > 0 and seconds > 0 else None


def _known(folder: RunFolder) -> dict[str, Any]:
    with suppress(OSError, DataError):
        return read_json(folder.manifest)
    return {}


def _rows(path: Path) -> Sequence[Mapping[str, Any]]:
    with suppress(OSError):
        state = path.stat()
        return _read(path, state.st_size, state.st_mtime_ns)
    return ()


@lru_cache(maxsize=256)
def _read(path: Path, size: int, changed: int) -> Sequence[Mapping[str, Any]]:
    """Read rows once for each state of the file."""
    return read_metrics(path)
