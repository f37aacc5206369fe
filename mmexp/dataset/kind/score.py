"""Scores: one number per sample."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.tabular import moments


class ScoreKind(Kind):
    """A finite number, as float."""

    targets = {"score": ("score",)}
    order = 190
    classed = False

    def check_target(self, value: Any) -> float:
        return read_score(value)

    def summarise(self, values: Iterable[Any]) -> Any:
        """Return mean and standard deviation."""
        return moments(values)


def read_score(value: Any) -> float:
    """Check one number; in a CSV, the text of one.

    Raises:
        ValueError: If it is anything else, or not finite.
    """
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number, got {value!r}")
    return number
