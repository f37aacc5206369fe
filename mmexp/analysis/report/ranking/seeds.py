"""Seeds as dots with the interval of their mean, and what is left of each fusion after its best single input."""

from __future__ import annotations

from mmexp.analysis.comparison import Comparison, Way
from mmexp.analysis.difference import Difference
from mmexp.analysis.level import MEANING, level
from mmexp.analysis.report.colour import colour
from mmexp.analysis.report.html import Html, tag
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.svg import Axis, Chart
from mmexp.analysis.text import number

TITLE = "Seeds and intervals"
POSITION = 30
WIDTH, LEFT, ROW, FOOT = 440.0, 118.0, 18.0, 36.0
_LETTERS = 18  # of a name
_MOST = 60  # rows


def show(comparison: Comparison, media: Media) -> Html | None:
    """Return a chart of levels, and one of differences."""
    charts = [one for one in (_levels(comparison), _margins(comparison)) if one]
    return tag("div", *charts, class_="charts") if charts else None


def _levels(comparison: Comparison) -> Html | None:
    metric, ways = comparison.ranking.metric, [way for way, _ in comparison.scored][:_MOST]
    if not ways:
        return None
    values = {way.position: [one for one in way.group.score(metric).values if one is not None] for way in ways}
    found = {way.position: level(way.group, metric) for way in ways}
    seen = [way.position for way, _ in comparison.drawn]
    ends = [end for i in seen if (one := found.get(i)) for end in (one.low, one.high) if end is not None]
    axis = Axis.of([*ends, *(one for i in seen for one in values.get(i, ()))], LEFT, WIDTH - 8)
    chart = _rows([way.name for way in ways], axis, metric)
    if single := comparison.best_single:
        chart.add("line", x1=axis(single[1]), x2=axis(single[1]), y1=8.0, y2=chart.height - FOOT, class_="base limit")
    for row, way in enumerate(ways):
        _level(chart, axis, _height(row), way, comparison, found[way.position])
    note = f"Dots: runs; bar: mean; line: {MEANING}; three at least."
    note += " Dashed: the best single input." if comparison.best_single else ""
    return _figure(chart, f"{metric} of each run", note)


def _level(chart: Chart, axis: Axis, y: float, way: Way, comparison: Comparison, found: Difference | None) -> None:
    """Draw the runs of a way with their mean, or the number where that is far outside."""
    score, kind = way.group.score(comparison.ranking.metric), colour(way, comparison)
    mean = score.mean or 0.0
    said = f"{way.name}: {number(mean)}"
    if not axis.low <= mean <= axis.high:
        below = mean < axis.low
        text = f"◂ {number(mean)}" if below else f"{number(mean)} ▸"
        chart.text(axis.start if below else axis.end, y + 4, text, "tick", "start" if below else "end")
        return
    if found and found.low is not None and found.high is not None:
        said += f" [{number(found.low)}, {number(found.high)}], n = {found.pairs} {found.over}"
        low, high = (min(max(axis(end), axis.start), axis.end) for end in (found.low, found.high))
        chart.line([(low, y), (high, y)], f"interval {kind}", said, way.position)
    for value in score.values:
        if value is not None and axis.low <= value <= axis.high:
            chart.dot(axis(value), y, f"seed {kind}", f"{way.name}: {number(value)}", way.position, 2.6)
    chart.line([(axis(mean), y - 6), (axis(mean), y + 6)], f"mean {kind}", said, way.position)


def _margins(comparison: Comparison) -> Html | None:
    ways = [way for way in comparison.ways if way.verdict and way.verdict.margin][:_MOST]
    if not ways:
        return None
    margins = [way.verdict.margin for way in ways if way.verdict and way.verdict.margin]
    ends = [end for one in margins for end in (one.mean, one.low, one.high) if end is not None]
    axis = Axis.of([0.0, *ends], LEFT, WIDTH - 8)
    chart = _rows(
        [way.name_in_margins for way in ways], axis, f"difference of {comparison.ranking.metric}, positive is better"
    )
    chart.add("line", x1=axis(0), x2=axis(0), y1=8.0, y2=chart.height - FOOT, class_="zero")
    for row, (way, one) in enumerate(zip(ways, margins, strict=True)):
        y, kind = _height(row), colour(way, comparison)
        said = f"{way.name} {way.verdict.text if way.verdict else ''}"
        if one.low is not None and one.high is not None:
            chart.line([(axis(one.low), y), (axis(one.high), y)], f"interval {kind}", said, way.position)
        won = "won" if way.verdict and way.verdict.is_better else "open"
        chart.dot(axis(one.mean), y, f"{won} {kind}", said, way.position)
    note = "Difference to the best single input or control, with its 95 % interval; filled where it is beaten"
    return _figure(chart, "Against the best single input", f"{note}, all fusions counted.")


def _rows(ways: list[str], axis: Axis, name: str) -> Chart:
    chart = Chart(WIDTH, len(ways) * ROW + 12 + FOOT)
    chart.frame(axis, Axis(0, 1, chart.height - FOOT, 8.0), name, ticked=False)
    for row, way in enumerate(ways):
        short = way if len(way) <= _LETTERS else f"{way[: _LETTERS - 1]}…"
        chart.add("text", tag("title", way), short, x=LEFT - 8, y=_height(row) + 4, text_anchor="end", class_="row")
    return chart


def _height(row: int) -> float:
    return 8 + (row + 0.5) * ROW


def _figure(chart: Chart, title: str, note: str) -> Html:
    return tag("figure", tag("h4", title), chart.svg(f"{title}. {note}"), tag("figcaption", note))
