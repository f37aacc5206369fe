"""Which samples to label next: those that a model is least certain of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mmexp.error import ConfigError


def rank(rows: Iterable[Mapping[str, Any]], by: str) -> list[dict[str, Any]]:
    """Return rows of predictions with their ``uncertainty``, the least certain first.

    Source: Settles 2009, "Active Learning Literature Survey", section 3.1 (uncertainty sampling).

    Args:
        rows: Each with ``scores`` of the classes.
        by: ``margin``, 1 less how far the best score is above the next; or ``entropy``, in nats. Of several labels:
            that of the least certain one, and their sum.

    Raises:
        ConfigError: If there is no such measure, or the rows do not allow it.
    """
    if by not in MEASURES:
        raise ConfigError(f"suggest: --by must be one of {', '.join(MEASURES)}, got {by!r}.")
    return sorted(({**row, "uncertainty": uncertainty(row, by)} for row in rows), key=lambda row: -row["uncertainty"])


def uncertainty(row: Mapping[str, Any], by: str) -> float:
    """Compute how uncertain a prediction is.

    Raises:
        ConfigError: If it has no scores of classes, or too few for its entropy.
    """
    if not isinstance(scores := row.get("scores"), Mapping):
        known = ", ".join(row)
        raise ConfigError(f"suggest: RUN must be of a task that scores classes, got predictions of {known}.")
    measure, join = MEASURES[by]
    values = [float(value) for value in scores.values()]
    if isinstance(row.get("label"), list):
        return join(measure((value, 1 - value)) for value in values)
    if measure is entropy and sum(values) < 1 - 1e-3:
        rule = f"suggest: --by must be margin where only the best {len(values)} scores are kept"
        raise ConfigError(f"{rule}, got {by!r}.", "Add --by margin")
    return measure(values)


def margin(probabilities: Iterable[float]) -> float:
    """Compute 1 less how far the best is above the next."""
    best, second = sorted(probabilities, reverse=True)[:2]
    return 1 - (best - second)


def entropy(probabilities: Iterable[float]) -> float:
    """Compute ``-sum p log p``."""
    return -sum(p * math.log(p) for p in probabilities if p > 0)


MEASURES: Mapping[str, tuple[Callable[[Iterable[float]], float], Callable[[Iterable[float]], float]]] = {
    "margin": (margin, max),
    "entropy": (entropy, sum),
}
"""By name: how uncertain one choice is, and several independent ones together."""
