"""Files of a run made from its predictions: predicted images and audio, and the plots of its task."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mmexp.analysis.curve import curves
from mmexp.analysis.report.learning_curves import learning_curves
from mmexp.contract import Sample, Waveform
from mmexp.error import ResourceError
from mmexp.run.atomic import write_atomic
from mmexp.run.folder import RunFolder
from mmexp.task.base import Task

Row = Mapping[str, Any]


def write_media(rows: Iterable[Row], folder: RunFolder, split: str) -> list[dict[str, Any]]:
    """Write predicted images (uint8 [H, W] or [H, W, 3]) and audio to files next to the predictions.

    Returns:
        The rows with the path of each file, relative to the folder of the predictions, in its place.
    """
    return [
        {key: _written(value, f"{split}/{i:06d}-{key}", folder) for key, value in row.items()}
        for i, row in enumerate(rows)
    ]


def with_groups(rows: Iterable[Row], groups: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows with the ``group`` of each sample that has one: the unit over which a verdict resamples."""
    return [{**row, "group": groups[row["id"]]} if row.get("id") in groups else dict(row) for row in rows]


def draw(task: Task, rows: Sequence[Row], samples: Sequence[Sample], folder: RunFolder) -> None:
    """Write the plots of the task, and the learning curves. A plot that fails is logged, and the run goes on.

    Raises:
        ResourceError: If the disk is full.
    """
    try:
        if drawn := learning_curves(curves(folder)):
            write_atomic(folder.plots / "learning_curves.svg", drawn)
        for name, figure in task.plots(rows, samples).items():
            buffer = io.BytesIO()
            figure.savefig(buffer, format="png", dpi=120)
            write_atomic(folder.plots / f"{name}.png", buffer.getvalue())
    except ResourceError:
        raise
    except Exception:
        logging.getLogger(__name__).warning("The plots of this run could not be drawn.", exc_info=True)


def _written(value: Any, name: str, folder: RunFolder) -> Any:
    if isinstance(value, Waveform):
        return _file(wav(value), f"{name}.wav", folder)
    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim >= 2:
        return _file(png(value), f"{name}.png", folder)
    return value


def _file(data: bytes, name: str, folder: RunFolder) -> str:
    path = folder.predictions("test").parent / name
    path.parent.parent.mkdir(exist_ok=True)
    write_atomic(path, data)
    return name


def png(image: np.ndarray) -> bytes:
    """Encode an image. uint8 [H, W] or [H, W, 3]"""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


def wav(audio: Waveform) -> bytes:
    """Encode audio, in 16 bits a sample."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, audio.samples, audio.rate, format="WAV")
    return buffer.getvalue()
