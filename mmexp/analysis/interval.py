"""The interval of a metric of one run, over the groups or the samples of its split."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from mmexp.analysis.bootstrap import over_groups, over_samples
from mmexp.analysis.difference import Difference
from mmexp.analysis.predictions import groups_of
from mmexp.analysis.recompute import Metric, recompute
from mmexp.run.summary import RunRow


def interval(run: RunRow, metric: str) -> Difference | None:
    """Compute the interval of a metric that follows from the predictions; what another seed gives is not in it.

    Args:
        run: Of which the predictions are read.
        metric: Key.

    Returns:
        The metric with its interval, over groups where there are three at least, else over samples; None where it does
        not follow from the predictions, never varies, or is undefined in some of the samples that are drawn.
    """
    found = recompute(run, metric)
    if found is None:
        return None
    return interval_of(found.value, found.ids, groups_of(run, metric))


def interval_of(value: Metric, ids: Sequence[str], groups: Mapping[str, str]) -> Difference | None:
    """Compute the interval of anything that follows from how often each sample counts.

    Args:
        value: Of the weights of samples, such as a metric, a difference or a ratio of metrics.
        ids: Of the samples, in the order of the weights.
        groups: Of samples, by id.

    Returns:
        The value with its interval, over groups where there are three at least and each sample has one, else over
        samples; None where it never varies, or is undefined in some of the samples that are drawn.
    """
    named = [groups[name] for name in ids if name in groups]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an area under a curve, of samples of one class
        by_groups = over_groups([value], [_zero], named) if len(named) == len(ids) else None
        known = by_groups or over_samples([value], [_zero], len(ids))
    return known if known and math.isfinite(known.low or 0.0) and math.isfinite(known.high or 0.0) else None


def _zero(weights: np.ndarray) -> np.ndarray:
    return np.zeros(len(weights))
