"""How much memory a value takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexp.contract import Waveform

LEAST = 64
"""Bytes of anything, such as a number."""


def size_of(value: Any) -> int:
    """Return the memory of a raw or prepared value, in bytes, roughly: arrays, images, texts, and what holds them."""
    if isinstance(value, Waveform):
        return int(value.samples.nbytes)
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    if hasattr(value, "size") and hasattr(value, "getbands"):
        return int(value.size[0] * value.size[1] * len(value.getbands()))
    if isinstance(value, Mapping):
        return LEAST + sum(map(size_of, value.values()))
    if isinstance(value, list | tuple):
        return LEAST + sum(map(size_of, value))
    return LEAST + (len(value) if isinstance(value, str) else 0)
