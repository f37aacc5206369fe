"""Gaussian noise on the numbers of a row."""

from __future__ import annotations

from typing import Any

import numpy as np

LEVELS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Standard deviation, as a share of each number."""


def corrupt(value: dict[str, Any], level: float, generator: np.random.Generator) -> dict[str, Any]:
    """Scale each number by about 1; categories stay as they are."""
    return {
        name: float(cell * (1 + level * generator.standard_normal())) if isinstance(cell, int | float) else cell
        for name, cell in value.items()
    }
