"""The level of a way: its mean, and the interval of that over seeds or folds."""

from __future__ import annotations

from mmexp.analysis.compare import Group
from mmexp.analysis.difference import Difference
from mmexp.analysis.statistics import over_folds, paired

MEANING = "95 % t interval of the mean over seeds, over folds corrected (Nadeau and Bengio 2003); not over samples"


def level(group: Group, metric: str) -> Difference | None:
    """Compute the interval of a mean; what another test set would give is not in it.

    Args:
        group: Its runs are the units.
        metric: Key.

    Returns:
        None for fewer than three seeds or folds.
    """
    known = [(run, value) for run in group.runs if (value := run.metrics.get(metric)) is not None]
    if len(group.folds) > 1:
        folds: dict[str, list[float]] = {}
        for run, value in known:
            folds.setdefault(str(run.config.get("fold")), []).append(value)
        return over_folds(folds)
    return paired(dict(enumerate(value for _, value in known)), dict.fromkeys(range(len(known)), 0.0))
