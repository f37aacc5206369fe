"""Rows of metrics, and configs, in the forms that other loggers take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

POSITION = ("step", "epoch", "time")
"""Keys of a row that say where it was logged."""


def metrics_of(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics of a row that are finite numbers."""
    return {
        key: float(value)
        for key, value in row.items()
        if key not in POSITION and isinstance(value, int | float) and math.isfinite(value)
    }


def flat(config: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of a config with its dotted key; lists stay whole."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value
