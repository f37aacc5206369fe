"""The inputs of a few test samples in the folder of a run, small enough for a page to show them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmexp.contract import Sample, Waveform
from mmexp.error import ResourceError
from mmexp.run.atomic import write_atomic
from mmexp.run.folder import RunFolder

MOST = 12
_SIDE = 192  # pixels of an image's longer side
_SECONDS = 4.0  # of a recording, from its beginning
_LETTERS = 500  # of a text


def keep_samples(samples: Sequence[Sample], folder: RunFolder) -> None:
    """Write evenly spaced samples, so that runs on the same data keep the same; one that fails is logged.

    Args:
        samples: The split.
        folder: The run.

    Raises:
        ResourceError: If the disk is full.
    """
    step = max(1, len(samples) // MOST)
    try:
        rows = write_inputs([samples[i] for i in range(0, len(samples), step)[:MOST]], folder.samples)
        write_atomic(folder.samples / "samples.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    except ResourceError:
        raise
    except Exception:
        logging.getLogger(__name__).warning("The samples of this run could not be kept.", exc_info=True)


def write_inputs(samples: Sequence[Sample], folder: Path) -> list[dict[str, Any]]:
    """Write the inputs of samples to small files.

    Returns:
        Of each its ``id`` and its ``inputs`` by modality: a text, or the name of a file in the folder.
    """
    return [_row(sample, f"{number:02d}", folder) for number, sample in enumerate(samples)]


def _row(sample: Sample, name: str, folder: Path) -> dict[str, Any]:
    found = {key: _kept(value, f"{name}-{key}", folder) for key, value in sample.inputs.items()}
    return {"id": sample.id, "inputs": {key: value for key, value in found.items() if value}}


def _kept(value: Any, name: str, folder: Path) -> dict[str, str] | None:
    """Return a text, or the name of the file that holds an image, the middle of a video or audio; None of others."""
    if isinstance(value, Waveform):
        return _written(f"{name}.wav", _wav(value), folder)
    if isinstance(value, np.ndarray):
        image = value[len(value) // 2] if value.ndim == 4 and len(value) else value
        is_image = image.dtype == np.uint8 and (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3))
        return _written(f"{name}.jpg", _jpeg(image), folder) if is_image and image.size else None
    if isinstance(value, Mapping):
        return {"text": ", ".join(f"{key}: {one}" for key, one in value.items())[:_LETTERS]}
    if isinstance(value, (list, tuple)) and value and all(isinstance(one, str) for one in value):
        return {"text": " / ".join(value)[:_LETTERS]}
    return {"text": value[:_LETTERS]} if isinstance(value, str) else None


def _written(name: str, data: bytes, folder: Path) -> dict[str, str]:
    write_atomic(folder / name, data)
    return {"file": name}


def _jpeg(image: np.ndarray) -> bytes:
    from PIL import Image

    small, buffer = Image.fromarray(image), io.BytesIO()
    small.thumbnail((_SIDE, _SIDE))
    small.save(buffer, "jpeg", quality=80)
    return buffer.getvalue()


def _wav(audio: Waveform) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, audio.samples[: int(_SECONDS * audio.rate)], audio.rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()
