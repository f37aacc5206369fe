"""The interval of a metric of one run, over the groups or the samples of its split."""

from __future__ import annotations

import math
import warnings

import numpy as np

from mmexp.analysis.bootstrap import over_groups, over_samples
from mmexp.analysis.difference import Difference
from mmexp.analysis.predictions import groups_of
from mmexp.analysis.recompute import recompute
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
    groups = groups_of(run, metric)
    named = [groups[name] for name in found.ids if name in groups]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an area under a curve, of samples of one class
        by_groups = over_groups([found.value], [_zero], named) if len(named) == len(found.ids) else None
        known = by_groups or over_samples([found.value], [_zero], len(found.ids))
    return known if known and math.isfinite(known.low or 0.0) and math.isfinite(known.high or 0.0) else None


def _zero(weights: np.ndarray) -> np.ndarray:
    return np.zeros(len(weights))
