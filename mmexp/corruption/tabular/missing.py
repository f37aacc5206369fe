"""Cells of a row are empty."""

from __future__ import annotations

from typing import Any

import numpy as np

LEVELS = (0.1, 0.25, 0.4, 0.55, 0.7)
"""Share of the cells, on average."""


def corrupt(value: dict[str, Any], level: float, generator: np.random.Generator) -> dict[str, Any]:
    """Leave some columns out."""
    return {name: cell for name, cell in value.items() if generator.random() >= level}
