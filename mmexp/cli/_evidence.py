"""Further evidence on the screen: all pairs, practical equivalence, and ranks over several data sets."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.analysis.claim import distinct_labels
from mmexp.analysis.compare import Ranking
from mmexp.analysis.difference import Difference
from mmexp.analysis.effect_size import effect_size
from mmexp.analysis.equivalence import SOURCE as BAYES
from mmexp.analysis.equivalence import equivalence
from mmexp.analysis.holm import SOURCE as HOLM
from mmexp.analysis.pairwise import pairwise
from mmexp.analysis.verdict import Verdict
from mmexp.cli._table import print_table
from mmexp.cli._text import number, printable


def show_pairs(ranking: Ranking) -> None:
    """Print each two rows of a ranking, with p values that count all pairs."""
    pairs = pairwise(ranking)
    if not pairs:
        return
    names = {id(group): name for group, name in zip(ranking.groups, distinct_labels(ranking), strict=True)}
    cells = [[names[id(one.first)], names[id(one.second)], *_numbers(one.difference, one.adjusted)] for one in pairs]
    print(printable(f"all pairs by {ranking.metric}"))
    print_table(["first", "second", "difference (95 %)!", "p, Holm>", "effect>"], cells, optional=["effect"])
    methods = dict.fromkeys(one.difference.method for one in pairs if one.difference.method)
    sources = [*methods, f"p by {HOLM} over {len(pairs)}", "effect: Hedges' g of pairs (Hedges 1981)"]
    print(printable(f"Pairs: {'; '.join(sources)}.\n"))


def show_equivalence(ranking: Ranking, verdicts: Sequence[Verdict | None], rope: float) -> None:
    """Print of each verdict how probable it is that the fusion is better, as good or worse, beyond what matters.

    Args:
        ranking: Groups.
        verdicts: One per group.
        rope: Half the width of the region of practical equivalence.
    """
    cells = []
    for name, verdict in zip(distinct_labels(ranking), verdicts, strict=True):
        known = equivalence(verdict.margin, rope) if verdict and verdict.margin else None
        if verdict and known:
            chances = [f"{one:.3f}" for one in (known.better, known.equal, known.worse)]
            cells.append([name, verdict.baseline, *chances])
    if cells:
        print_table(["fusion", "baseline", "P(better)>", "P(equal)>", "P(worse)>"], cells)
        print(printable(f"Equal: within {rope:g} of {ranking.metric}; {BAYES}.\n"))


def show_ranks(rankings: Sequence[Ranking]) -> None:
    """Print the average ranks of fusions over several data sets, and which are not shown to differ from the best."""
    from mmexp.analysis.ranks import FRIEDMAN, NEMENYI, rank_over_rankings  # scipy, which no other table needs

    found = rank_over_rankings(rankings)
    if found is None:
        print("Ranks over data sets need at least 3 fusions that were trained on at least 2 data sets.\n")
        return
    best = next(iter(found.ranks))
    cells = [[way, f"{rank:.2f}", "yes" if way in found.like(best) else ""] for way, rank in found.ranks.items()]
    print_table(["fusion", "average rank>", f"cannot be distinguished from {best}"], cells)
    sure = f"p = {found.p:.2g}" + ("" if found.p < 0.05 else ": no fusion is shown to rank above another")
    print(f"{found.benchmarks} data sets; {FRIEDMAN} {sure}; {NEMENYI} {found.critical:.2f}.\n")


def _numbers(found: Difference, adjusted: float | None) -> list[str]:
    """Format a difference with its interval, the p value and the size of the effect."""
    interval = "[?]" if found.low is None or found.high is None else f"[{found.low:.3f}, {found.high:.3f}]"
    size = effect_size(found)
    p = "" if adjusted is None else f"{adjusted:.2g}"
    return [f"{found.mean:+.3f} {interval}", p, "" if size is None else number(size)]
