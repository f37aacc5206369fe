"""Ways compared over several data sets by their ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmexp.analysis.compare import Ranking

_LEVEL = 0.05
_FEWEST = 2  # data sets; and ways
FRIEDMAN, NEMENYI = "Friedman test (Friedman 1937)", "Nemenyi critical difference (Nemenyi 1963; Demsar 2006)"


@dataclass(frozen=True)
class Ranks:
    """Average ranks of ways over data sets.

    Args:
        ranks: Average rank by way, best (least) first; equal values share their rank.
        benchmarks: Number of data sets, on each of which all of the ways were measured.
        p: Probability of ranks so different if all ways are as good.
        critical: Difference of average ranks from which two ways differ, over all pairs at 5 %.
    """

    ranks: Mapping[str, float]
    benchmarks: int
    p: float
    critical: float

    def like(self, way: str) -> list[str]:
        """Return the ways that one is not shown to differ from."""
        own = self.ranks[way]
        return [name for name, rank in self.ranks.items() if name != way and abs(rank - own) < self.critical]


def cliques(found: Ranks) -> list[list[str]]:
    """Return the largest sets of ways none of which is shown to differ from another; none of one way alone."""
    names, joined = list(found.ranks), list[list[str]]()
    for first, name in enumerate(names):
        members = [one for one in names[first:] if found.ranks[one] - found.ranks[name] < found.critical]
        if len(members) > 1 and (not joined or members[-1] not in joined[-1]):
            joined.append(members)
    return joined


def rank_over(values: Mapping[str, Sequence[float]]) -> Ranks | None:
    """Compare ways over data sets: average ranks, the Friedman test, and the critical difference of Nemenyi.

    Source: Demsar 2006, "Statistical Comparisons of Classifiers over Multiple Data Sets",
    https://jmlr.org/papers/v7/demsar06a.html, section 3.2.2.

    Args:
        values: By way, one per data set, the same for all; more is better.

    Returns:
        None for fewer than three ways or two data sets.
    """
    from scipy.stats import friedmanchisquare, rankdata, studentized_range

    number, sets = len(values), min(map(len, values.values()), default=0)
    if number <= _FEWEST or sets < _FEWEST:
        return None
    ranked = rankdata([[-one for one in column] for column in zip(*values.values(), strict=True)], axis=1)
    means = dict(zip(values, ranked.mean(axis=0).tolist(), strict=True))
    p = float(friedmanchisquare(*values.values()).pvalue)
    spread = float(studentized_range.ppf(1 - _LEVEL, number, math.inf)) / math.sqrt(2)
    critical = spread * math.sqrt(number * (number + 1) / (6 * sets))
    ordered = dict(sorted(means.items(), key=lambda item: item[1]))
    return Ranks(ordered, sets, 1.0 if math.isnan(p) else p, critical)


def rank_over_rankings(rankings: Sequence[Ranking], key: str = "fusion") -> Ranks | None:
    """Compare ways over rankings, each of a data set of its own, among those that all rankings have.

    Args:
        rankings: At least two.
        key: Config key whose value names a way; where several groups share it, the best counts.

    Returns:
        None if there are fewer than three ways or two rankings.
    """
    found: list[dict[str, float]] = []
    for ranking in rankings:
        sign, best = (1 if ranking.mode == "max" else -1), dict[str, float]()
        for group in reversed(ranking.groups):
            if (value := group.score(ranking.metric).mean) is not None and not group.config.get("control"):
                best[str(group.config.get(key))] = sign * value
        found.append(best)
    shared = [name for name in found[0] if all(name in one for one in found)] if found else []
    return rank_over({name: [one[name] for one in found] for name in shared})
