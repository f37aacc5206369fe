"""Whether the weights of a fusion decide anything: its result with and without them permuted among samples."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.analysis.statistics import mean, paired
from mmexp.run.summary import RunRow


def permuted_weights(runs: Sequence[RunRow], metric: str, mode: str) -> str:
    """Say what a fusion loses if each sample is given the weights of another one; empty if it weighs none.

    Source: the control of https://arxiv.org/abs/2606.26473. Over three seeds or more by a paired t interval.

    Args:
        runs: Of one way of fusing, that differ in seed and fold.
        metric: Key, of the test split.
        mode: Whether less (min) or more (max) of it is better.
    """
    sign = 1 if mode == "max" else -1
    both = [(run.metrics.get(metric), run.permuted.get(metric)) for run in runs]
    known = [(own, other) for own, other in both if own is not None and other is not None]
    if not known:
        return ""
    own, other = (mean(values) for values in zip(*known, strict=True))
    amount = f"permuted among samples, {metric} is {other:.3f} in place of {own:.3f}"
    losses = {place: sign * (first - second) for place, (first, second) in enumerate(known)}
    found = paired(losses, dict.fromkeys(losses, 0.0))
    if found is None:
        if own == other:
            return f"weights decide nothing here: {amount}"
        return f"weights {amount}; 3 seeds are needed to rule out chance variation"
    words = "decide" if found.is_won else "are not shown to decide anything"
    return f"weights {words}: {amount}, a loss of {found.mean:.3f} [{found.low:.3f}, {found.high:.3f}] (95 %)"
