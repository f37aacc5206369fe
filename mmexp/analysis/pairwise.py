"""All pairs of a ranking, compared with one another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from mmexp.analysis.compare import Group, Ranking
from mmexp.analysis.difference import Difference
from mmexp.analysis.holm import holm


@dataclass(frozen=True)
class Pair:
    """Two groups of a ranking.

    Args:
        first: The better one on average.
        second: The other one.
        difference: Positive where the first is better.
        adjusted: p value that counts all pairs; None without an interval.
    """

    first: Group
    second: Group
    difference: Difference
    adjusted: float | None = None


def pairwise(ranking: Ranking) -> list[Pair]:
    """Compare each two groups that share seeds and folds; p values count all pairs, by Holm's procedure."""
    found = [(one, other, ranking.difference(one, other)) for one, other in combinations(ranking.groups, 2)]
    known = [(one, other, difference) for one, other, difference in found if difference is not None]
    tested = [i for i, (_, _, difference) in enumerate(known) if difference.p is not None]
    adjusted = dict(zip(tested, holm([p for i in tested if (p := known[i][2].p) is not None]), strict=True))
    return [Pair(*three, adjusted.get(i)) for i, three in enumerate(known)]
