"""A prediction as JSON: images and audio as files in base64, everything else as ``mmexp predict --json`` prints it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from mmexp.contract import Waveform
from mmexp.run.jsonfile import strict
from mmexp.training.artifacts import png, wav


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a task in plain JSON types."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Waveform):
        return _file(wav(value), "audio/wav")
    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim >= 2:
        return _file(png(value), "image/png")
    return strict(value)


def _file(content: bytes, kind: str) -> dict[str, str]:
    return {"type": kind, "base64": base64.b64encode(content).decode()}
