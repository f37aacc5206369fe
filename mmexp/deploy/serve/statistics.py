"""Numbers that describe an input without repeating it: what /metrics compares with training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmexp.contract import Waveform


def statistics(name: str, value: Any, facts: Mapping[str, Any]) -> dict[str, float]:
    """Describe a value that was read by a few numbers, by ``<input>.<statistic>``: never the value itself.

    Args:
        name: Of the input.
        value: Of a sample.
        facts: Of its modality, from training.
    """
    found = _described(value, facts)
    return {f"{name}.{key}": float(number) for key, number in found.items() if np.isfinite(number)}


def _described(value: Any, facts: Mapping[str, Any]) -> dict[str, float]:
    if isinstance(value, Waveform):
        seconds = len(value.samples) / value.rate
        return {"seconds": seconds, "rms": float(np.sqrt(np.mean(value.samples**2)))}
    if isinstance(value, str):
        return {"words": len(value.split())}
    if isinstance(value, Mapping):
        return _row(value, facts.get("columns", ()))
    if isinstance(value, np.ndarray) and value.dtype == np.uint8:
        return {"pixels": value.shape[-3] * value.shape[-2], "brightness": value.mean() / 255}
    if isinstance(value, np.ndarray):
        return _vector(value, facts)
    return {"length": len(value)} if isinstance(value, Sequence) else {}


def _vector(value: np.ndarray, facts: Mapping[str, Any]) -> dict[str, float]:
    """Return how far the numbers lie from the training mean, in its standard deviations."""
    rows = value.reshape(-1, value.shape[-1])
    if len(facts.get("mean", ())) != rows.shape[1]:
        return {"length": len(rows)}
    scaled = (rows - np.asarray(facts["mean"])) / np.asarray(facts["std"])
    return {"z": scaled.mean(), "absolute_z": np.abs(scaled).mean()}


def _row(row: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return by column whether its category is new, or how far its number lies from the training mean."""
    found = {}
    for one in columns:
        name, cell = one["name"], row.get(one["name"])
        if cell is not None and "values" in one:
            found[f"{name}.unseen"] = float(str(cell) not in one["values"])
        elif cell is not None:
            found[f"{name}.z"] = (float(cell) - one["mean"]) / one["std"]
    return found
