"""What the best way and the best single input confuse, and how far their confidence can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmexp.analysis.comparison import Comparison, Way
from mmexp.analysis.confusion import Bin, confusion, reliability
from mmexp.analysis.report.html import Html, join, tag
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.svg import Axis, Chart

TITLE = "Confusion and reliability"
POSITION = 60
_READABLE = 25  # classes of a matrix; of more, the most frequent confusions are listed
_LISTED = 12
_LETTERS = 14  # of a class
_NARROWEST = 300.0  # width of a chart, so that text has one size


def show(comparison: Comparison, media: Media) -> Html | None:
    """Return matrix and reliability diagram of the best way, and of the best single input if that is another."""
    single = comparison.best_single
    ways = {way.position: way for way, _ in [*comparison.scored[:1], *([single] if single else [])]}
    shown = [one for way in ways.values() if (one := _way(way, comparison.ranking.metric))]
    note = tag("p", "The best way and the best single input; any other: mmexp report RUN.", class_="dim")
    return join(tag("div", *shown, class_="charts"), note) if shown else None


def _way(way: Way, metric: str) -> Html | None:
    counts, bins = confusion(way.group.runs, metric), reliability(way.group.runs, metric)
    if not counts:
        return None
    names = sorted({name for pair in counts for name in pair})
    drawn = _matrix(counts, names) if len(names) <= _READABLE else _list(counts)
    parts = [drawn, _diagram(bins) if bins else None]
    title = f"{way.name}, {len(way.group.runs)} run{'s' if len(way.group.runs) > 1 else ''}"
    return tag("figure", tag("h4", title), tag("div", *parts, class_="pair"))


def _matrix(counts: Mapping[tuple[str, str], int], names: Sequence[str]) -> Html:
    side = min(36.0, 300.0 / len(names))
    left, top = 96.0, 20.0
    chart = Chart(max(_NARROWEST, left + side * len(names) + 8), top + side * len(names) + 92)
    sums = {name: sum(number for (target, _), number in counts.items() if target == name) for name in names}
    for i, name in enumerate(names):
        short = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
        chart.add("text", short, x=left - 5, y=top + (i + 0.5) * side + 3.5, text_anchor="end", class_="tick")
        x, y = left + (i + 0.5) * side + 3.5, top + side * len(names) + 6
        turn = f"rotate(-90 {x:.1f} {y:.1f})"
        chart.add("text", short, x=x, y=y, text_anchor="end", class_="tick", transform=turn)
    for (target, label), number in sorted(counts.items()):
        x, y = left + names.index(label) * side, top + names.index(target) * side
        kind = f"cell {'right' if target == label else 'wrong'}"
        title = tag("title", f"{target} taken for {label}: {number} of {sums[target]}")
        fraction = f"{max(0.12, number / sums[target]):.2f}"
        chart.add("rect", title, x=x, y=y, width=side - 1, height=side - 1, class_=kind, fill_opacity=fraction)
        if side >= 13:
            chart.text(x + side / 2 - 0.5, y + side / 2 + 3, number, "count", "middle")
    chart.text(2.0, 12.0, "target (rows), prediction (columns)", "name")
    return chart.svg(f"Confusion matrix of {len(names)} classes")


def _list(counts: Mapping[tuple[str, str], int]) -> Html:
    wrong = sorted(((-number, pair) for pair, number in counts.items() if pair[0] != pair[1]))[:_LISTED]
    rows = [tag("tr", tag("td", a), tag("td", b), tag("td", -number, class_="num")) for number, (a, b) in wrong]
    heads = [tag("th", one, scope="col") for one in ("target", "taken for", "times")]
    caption = tag("caption", "Most frequent confusions")
    return tag("table", caption, tag("thead", tag("tr", *heads)), tag("tbody", *rows))


def _diagram(bins: Sequence[Bin]) -> Html:
    chart = Chart(300, 270)
    x, y = Axis(0, 1, 40, 294), Axis(0, 1, 232, 22)
    chart.frame(x, y, "confidence", "accuracy")
    chart.add("line", x1=x(0), x2=x(1), y1=y(0), y2=y(1), class_="base limit")
    total = sum(one.number for one in bins)
    for one in bins:
        said = f"confidence {one.confidence:.2f}: {one.accuracy:.2f} right of {one.number}"
        chart.dot(x(one.confidence), y(one.accuracy), "c0", said, None, 2.5 + 9 * (one.number / total) ** 0.5)
    chart.line([(x(one.confidence), y(one.accuracy)) for one in bins], "curve c0", "accuracy by confidence")
    return chart.svg("Reliability diagram: on the diagonal, confidence is accuracy; size is number")
