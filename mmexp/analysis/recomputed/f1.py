"""F1 over classes, macro and micro."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexp.analysis.predictions import labels, plain
from mmexp.analysis.recompute import Metric, Row, Weights
from mmexp.run.summary import RunRow


def follow(name: str, rows: Sequence[Row], run: RunRow) -> Metric | None:
    """Return ``f1_macro`` (or ``f1``) or ``f1_micro``."""
    make = {"f1": _f1_macro, "f1_macro": _f1_macro, "f1_micro": _f1_micro}.get(name)
    return make(rows) if make else None


def _counts(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether each sample is a hit, was predicted, and is of each class. [N, C]"""
    truth, found = ([{plain(one) for one in labels(row[key])} for row in rows] for key in ("target", "label"))
    classes = sorted(set().union(*truth, *found))
    is_true, is_found = (np.array([[c in own for c in classes] for own in side], float) for side in (truth, found))
    return is_true * is_found, is_found, is_true


def _f1_macro(rows: Sequence[Row]) -> Metric:
    hits, found, truth = _counts(rows)

    def value(weights: Weights) -> np.ndarray:
        both = weights @ (found + truth)
        with np.errstate(invalid="ignore"):
            f1 = np.where(both > 0, 2 * (weights @ hits) / both, np.nan)
        return np.asarray(np.nanmean(f1, axis=-1))

    return value


def _f1_micro(rows: Sequence[Row]) -> Metric:
    hits, both = _counts(rows)[0].sum(1), sum(_counts(rows)[1:]).sum(1)  # type: ignore[union-attr]
    return lambda weights: 2 * (weights @ hits) / (weights @ both)
