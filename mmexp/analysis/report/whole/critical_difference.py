"""Fusions over several data sets: average ranks, and which are not shown to differ."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.analysis.comparison import Comparison
from mmexp.analysis.ranks import FRIEDMAN, NEMENYI, Ranks, cliques, rank_over_rankings
from mmexp.analysis.report.html import Html, tag
from mmexp.analysis.report.svg import Axis, Chart
from mmexp.run.summary import RunRow

TITLE = "Ranks over data sets"
POSITION = 10
_ROW = 18.0


def show(comparisons: Sequence[Comparison], unfinished: Sequence[RunRow]) -> Html | None:
    """Return the critical-difference diagram; nothing for fewer than three fusions or two data sets."""
    found = rank_over_rankings([one.ranking for one in comparisons]) if len(comparisons) > 1 else None
    if found is None:
        return None
    sure = "" if found.p < 0.05 else ": no fusion is shown to rank above another"
    note = f"Average ranks over {found.benchmarks} data sets, the best on the left; a bar joins fusions that cannot be "
    note += f"distinguished. {FRIEDMAN} p = {found.p:.2g}{sure}; {NEMENYI} {found.critical:.2f}."
    return tag("figure", _diagram(found).svg(f"Critical-difference diagram. {note}"), tag("figcaption", note))


def _diagram(found: Ranks) -> Chart:
    """Draw the diagram of Demsar 2006, https://jmlr.org/papers/v7/demsar06a.html, figure 1."""
    joined = cliques(found)
    names = list(found.ranks)
    half = -(-len(names) // 2)
    width, top = 720.0, 50.0
    chart = Chart(width, top + 12 + 7 * len(joined) + half * _ROW + 12)
    axis = Axis(1, len(names), 150, width - 150)
    chart.add("line", x1=axis.start, x2=axis.end, y1=top, y2=top, class_="zero")
    for rank in range(1, len(names) + 1):
        chart.add("line", x1=axis(rank), x2=axis(rank), y1=top - 5, y2=top, class_="zero")
        if len(names) <= 15 or rank % 5 == 0 or rank == 1:
            chart.text(axis(rank), top - 9, rank, "tick", "middle")
    end = axis(min(1 + found.critical, len(names)))
    chart.line([(axis(1), 14), (end, 14)], "mean c0", f"critical difference {found.critical:.2f}")
    chart.text(axis(1), 10.0, f"critical difference {found.critical:.2f}", "name")
    for row, members in enumerate(joined):
        y, ends = top + 10 + 7 * row, [axis(found.ranks[one]) for one in (members[0], members[-1])]
        chart.line([(ends[0] - 3, y), (ends[1] + 3, y)], "joined", f"cannot be distinguished: {', '.join(members)}")
    low = top + 12 + 7 * len(joined)
    for place, name in enumerate(names):
        left = place < half
        y = low + (place if left else len(names) - 1 - place) * _ROW + 8
        x, edge = axis(found.ranks[name]), axis.start - 12 if left else axis.end + 12
        chart.line([(x, top), (x, y), (edge, y)], "stem", f"{name}: {found.ranks[name]:.2f}")
        shown = "best single input" if name == "none" else name
        text = f"{shown} {found.ranks[name]:.2f}" if left else f"{found.ranks[name]:.2f} {shown}"
        chart.text(edge + (-4 if left else 4), y + 4, text, "row", "end" if left else "start")
    return chart
