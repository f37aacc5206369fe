"""The learning curves of one run as an SVG file of its own, drawn within a millisecond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmexp.analysis.curve import Points
from mmexp.analysis.report.html import Html, tag
from mmexp.analysis.report.svg import Axis, Chart

PANELS = 6  # metrics that are drawn, the loss first
_WIDTH, _HEIGHT = 300.0, 230.0
_STYLE = """
svg { background: #fff; font-family: sans-serif; }
text { font-size: 11px; fill: #1b1f24; }
.tick, .name { fill: #59636e; }
.grid { stroke: #d8dee4; }
.line { fill: none; stroke-width: 1.6; stroke: currentColor; }
.dot { fill: currentColor; }
.train { color: #d55e00; }
.val { color: #0072b2; }
text.train { fill: #d55e00; }
text.val { fill: #0072b2; }
"""


def learning_curves(curves: Mapping[str, Points]) -> str:
    """Draw a panel per metric, with training and validation in one; empty where nothing has two points.

    Args:
        curves: Epoch and value by key, such as val/loss.
    """
    known = {key: points for key, points in curves.items() if key != "train/lr"}
    drawn = {key.partition("/")[2] for key, points in known.items() if len(points) > 1}
    names = sorted(drawn, key=lambda name: (name != "loss", name))[:PANELS]
    if not names:
        return ""
    columns = min(3, len(names))
    corners = [(i % 3 * _WIDTH, i // 3 * _HEIGHT) for i in range(len(names))]
    panels = [_panel(name, known, x, y) for name, (x, y) in zip(names, corners, strict=True)]
    width, height = columns * _WIDTH, -(-len(names) // 3) * _HEIGHT
    size = {"width": f"{width:g}", "height": f"{height:g}", "viewBox": f"0 0 {width:g} {height:g}"}
    return tag("svg", tag("style", Html(_STYLE)), *panels, xmlns="http://www.w3.org/2000/svg", **size)


def _panel(name: str, curves: Mapping[str, Points], left: float, top: float) -> Html:
    own = {key.partition("/")[0]: points for key, points in curves.items() if key.partition("/")[2] == name}
    chart = Chart(_WIDTH, _HEIGHT)
    points = [point for one in own.values() for point in one]
    x, y = (Axis.of(_column(points, i), *ends) for i, ends in enumerate([(42.0, _WIDTH - 10), (_HEIGHT - 38, 24.0)]))
    chart.frame(x, y, "epoch", name)
    for i, (split, one) in enumerate(own.items()):
        chart.line([(x(a), y(b)) for a, b in one], split, f"{split}/{name}")
        chart.text(_WIDTH - 10, 16.0 + 12 * i, split, split, "end")
        if len(one) < 20:
            for a, b in one:
                chart.dot(x(a), y(b), split, f"epoch {a:g}: {b:.4g}", r=2.2)
    return tag("g", *chart.marks, transform=f"translate({left:g} {top:g})")


def _column(points: Sequence[tuple[float, float]], i: int) -> list[float]:
    return [point[i] for point in points]
