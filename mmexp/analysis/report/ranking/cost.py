"""Quality against cost: training time and weights, with the Pareto front."""

from __future__ import annotations

from mmexp.analysis.comparison import Comparison
from mmexp.analysis.pareto import front
from mmexp.analysis.report.colour import colour
from mmexp.analysis.report.html import Html, tag
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.svg import Axis, Chart
from mmexp.analysis.scale import spans_decades
from mmexp.analysis.text import count, duration, number

TITLE = "Quality against cost"
POSITION = 40
_COSTS = {"seconds": ("training time, s", duration), "parameters": ("weights", count)}


def show(comparison: Comparison, media: Media) -> Html | None:
    """Return a chart per cost that is known and differs."""
    charts = [one for name in _COSTS if (one := _chart(comparison, name))]
    return tag("div", *charts, class_="charts") if charts else None


def _chart(comparison: Comparison, name: str) -> Html | None:
    title, shown = _COSTS[name]
    known = [(way, cost, mean) for way, mean in comparison.drawn if (cost := way.group.average(name)) is not None]
    costs, means = [one for _, one, _ in known], [one for _, _, one in known]
    if len(set(costs)) < 2:
        return None
    chart = Chart(420, 300)
    x = Axis.of(costs, 46, 412, log=spans_decades(costs), room=0.07)
    y = Axis.of(means, 262, 10, room=0.1)
    chart.frame(x, y, title)
    best = front(costs, means, comparison.ranking.mode)
    chart.line([(x(costs[i]), y(means[i])) for i in best], "front", "Pareto front")
    if single := comparison.best_single:
        chart.add("line", x1=x.start, x2=x.end, y1=y(single[1]), y2=y(single[1]), class_="base limit")
    for i, (way, cost, mean) in enumerate(known):
        said = f"{way.name}: {number(mean)}, {shown(cost)}{', on the Pareto front' if i in best else ''}"
        chart.dot(x(cost), y(mean), colour(way, comparison), said, way.position, 5.0 if i in best else 4.0)
    for i in reversed(best):
        way, cost, mean = known[i]
        chart.label(x(cost), y(mean), way.name, "")
    note = "Named: ways that none other beats in both."
    note += " Dashed: the best single input." if comparison.best_single else ""
    if hidden := [way.name for way, _ in comparison.scored if way not in [one for one, _ in comparison.drawn]]:
        note += f" Not drawn: {', '.join(hidden)}."
    heading = f"{comparison.ranking.metric} against {title.partition(',')[0]}"
    return tag("figure", tag("h4", heading), chart.svg(f"{heading}. {note}"), tag("figcaption", note))
