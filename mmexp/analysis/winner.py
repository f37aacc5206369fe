"""Which way to take, once all are compared."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.analysis.claim import indistinguishable
from mmexp.analysis.compare import Group, Ranking
from mmexp.analysis.power import units_needed
from mmexp.analysis.verdict import Verdict


def winner(ranking: Ranking, verdicts: Sequence[Verdict | None]) -> Group | None:
    """Return the best on val of the fusions that beat their baselines, else of the inputs alone, else of all fusions.

    The test split says which fusions are better than their baselines, and has no part in the choice among them.

    Args:
        ranking: Groups of runs.
        verdicts: One per group.

    Returns:
        None where there is no run but controls.
    """
    real = [group for group in ranking.groups if not group.runs[0].control]
    won = [group for group, one in zip(ranking.groups, verdicts, strict=True) if one and one.is_better]
    alone = [group for group in real if not group.runs[0].is_fusion]
    return max(won or alone or real, key=_on_val, default=None)


def cheapest(ranking: Ranking, best: Group) -> Group:
    """Return the group that trains fastest of one and the fusions that cannot be distinguished from it."""
    others = [group for group in ranking.groups if group is not best and group.runs[0].is_fusion]
    same = [best, *indistinguishable(ranking, best, others)]
    return min(same, key=lambda group: group.average("seconds") or 0.0)


def seeds_needed(verdicts: Sequence[Verdict | None]) -> int | None:
    """Return how many seeds the nearest of the fusions that show nothing would need; None if seeds would not decide.

    Args:
        verdicts: Of all fusions of a ranking.
    """
    open_ = [one.margin for one in verdicts if one and one.margin and one.outcome == "no_better"]
    known = [found for found in open_ if found.over == "seeds" and found.is_noise and found.mean > 0]
    return min((number for found in known if (number := units_needed(found)) and number > found.pairs), default=None)


def _on_val(group: Group) -> float:
    value = group.score(group.runs[0].monitor).mean
    if value is None:
        return float("-inf")
    return value if group.runs[0].mode == "max" else -value
