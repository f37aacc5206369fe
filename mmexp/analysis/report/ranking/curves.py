"""Learning curves of each way, averaged over its runs."""

from __future__ import annotations

from mmexp.analysis.comparison import Comparison, Way
from mmexp.analysis.curve import Points, mean_curves
from mmexp.analysis.report.colour import colour
from mmexp.analysis.report.html import Html, tag
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.svg import Axis, Chart
from mmexp.analysis.scale import spans_decades
from mmexp.analysis.text import number

TITLE = "Learning curves"
POSITION = 50


def show(comparison: Comparison, media: Media) -> Html | None:
    """Return a chart of what was monitored, and of the losses."""
    found = [(way, mean_curves(way.group)) for way in comparison.ways]
    wanted = dict.fromkeys([comparison.ways[0].group.runs[0].monitor, "val/loss", "train/loss"])
    charts = [one for key in wanted if (one := _chart(comparison, key, found))]
    return tag("div", *charts, class_="charts") if charts else None


def _chart(comparison: Comparison, key: str, found: list[tuple[Way, dict[str, Points]]]) -> Html | None:
    known = [(way, curves[key]) for way, curves in found if len(curves.get(key, ())) > 1]
    if not known:
        return None
    epochs, values = ([point[i] for _, points in known for point in points] for i in (0, 1))
    chart = Chart(420, 300)
    x, y = Axis.of(epochs, 46, 412, room=0.02), Axis.of(values, 262, 10, log=spans_decades(values))
    chart.frame(x, y, "epoch")
    for way, points in reversed(known):  # the best on top
        said = f"{way.name}: {number(points[-1][1])} in the end, {len(way.group.runs)} runs"
        chart.line([(x(a), y(b)) for a, b in points], f"curve {colour(way, comparison)}", said, way.position)
    note = f"Mean over the runs of a way. Coloured: the best fusions; dashed: baselines. {len(known)} curves."
    return tag("figure", tag("h4", key), chart.svg(f"{key} by epoch. {note}"), tag("figcaption", note))
