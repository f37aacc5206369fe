"""A small chart as inline SVG: sharp at any size, text that can be selected, colours of the page.

Marks carry classes, never styles: the page's policy allows no style but its own sheet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from mmexp.analysis.report.html import Html, tag

_LETTER = 6.2  # width of a letter of a label
_TICKS = 5


@dataclass(frozen=True)
class Axis:
    """Where values stand.

    Args:
        low: Least value.
        high: Greatest value.
        start: Where the least stands.
        end: Where the greatest stands.
        log: Whether equal ratios are equally far apart.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    @classmethod
    def of(cls, values: Sequence[float], start: float, end: float, log: bool = False, room: float = 0.05) -> Axis:
        """Make an axis on which all values have a place, with some room on both sides.

        Args:
            values: At least one.
            start: Where it begins.
            end: Where it ends.
            log: Whether to use ratios, if all values are positive.
            room: Of its length.
        """
        low, high = min(values), max(values)
        if log and low > 0:
            ratio = max(high / low, 1.2) ** room
            return cls(low / ratio, high * ratio, start, end, True)
        gap = (high - low or abs(high) * 0.1 or 1.0) * room
        return cls(low - gap, high + gap, start, end)

    def __call__(self, value: float) -> float:
        """Return where a value stands."""
        low, high, at = (math.log(one) if self.log else one for one in (self.low, self.high, value))
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round values, about five."""
        if self.log:
            return _powers(self.low, self.high)
        raw = (self.high - self.low) / _TICKS
        size = 10 ** math.floor(math.log10(raw))
        step = next(size * one for one in (1, 2, 5, 10) if size * one >= raw)
        first = math.ceil(self.low / step)
        return [i * step for i in range(first, math.floor(self.high / step) + 1)]


def _powers(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), tuple(range(1, 10)), [one / 10 for one in range(10, 100)]):
        found = [step * 10.0**power for power in decades for step in steps if low <= step * 10.0**power <= high]
        if len(found) >= 3:
            break
    return found[:: -(-len(found) // (_TICKS + 2))] if found else [low, high]


@dataclass
class Chart:
    """Marks on two axes.

    Args:
        width: In units.
        height: In units.
    """

    width: float
    height: float
    marks: list[Html] = field(default_factory=list)
    labels: list[tuple[float, float, float, float]] = field(default_factory=list)

    def add(self, name: str, /, *children: object, **attributes: object) -> None:
        """Add a mark; numbers among its attributes are rounded."""
        rounded = {key: f"{one:.1f}" if isinstance(one, float) else one for key, one in attributes.items()}
        self.marks.append(tag(name, *children, **rounded))

    def line(self, points: Sequence[tuple[float, float]], class_: str, title: str, way: object = None) -> None:
        """Add a line through points, with a title that shows where the pointer rests."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.add("polyline", tag("title", title), points=path, class_=f"line {class_}", data_way=way)

    def dot(self, x: float, y: float, class_: str, title: str, way: object = None, r: float = 4.0) -> None:
        """Add a dot with a title."""
        self.add("circle", tag("title", title), cx=x, cy=y, r=r, class_=f"dot {class_}", data_way=way)

    def text(self, x: float, y: float, text: object, class_: str = "", anchor: str = "start") -> None:
        """Add a text that begins, is centred (middle) or ends at a place."""
        self.add("text", text, x=x, y=y, class_=class_ or None, text_anchor=None if anchor == "start" else anchor)

    def label(self, x: float, y: float, text: str, class_: str) -> None:
        """Add a text next to a mark, where no other label stands; none if there is no such place."""
        wide = len(text) * _LETTER
        for dx, dy in ((7.0, -5.0), (7.0, 13.0), (-7.0 - wide, -5.0), (-7.0 - wide, 13.0), (-wide / 2, -10.0)):
            box = (x + dx, y + dy - 10, x + dx + wide, y + dy + 2)
            if box[0] >= 0 and box[2] <= self.width and not any(_overlap(box, one) for one in self.labels):
                self.labels.append(box)
                self.text(x + dx, y + dy, text, f"label {class_}")
                return

    def frame(self, x: Axis, y: Axis, x_name: str, y_name: str = "", ticked: bool = True) -> None:
        """Add grid lines, ticks and names of the axes.

        Args:
            x: Horizontal axis.
            y: Vertical axis.
            x_name: What stands on it.
            y_name: What stands on the other.
            ticked: Whether the vertical axis has ticks.
        """
        for value in x.ticks:
            self.add("line", x1=x(value), x2=x(value), y1=y.end, y2=y.start, class_="grid")
            self.text(x(value), y.start + 14, short(value), "tick", "middle")
        self.text((x.start + x.end) / 2, y.start + 29, x_name, "name", "middle")
        for value in y.ticks if ticked else ():
            self.add("line", x1=x.start, x2=x.end, y1=y(value), y2=y(value), class_="grid")
            self.text(x.start - 6, y(value) + 3.5, short(value), "tick", "end")
        if y_name:
            self.text(2.0, y.end - 8, y_name, "name")

    def svg(self, label: str) -> Html:
        """Return the chart with a label for those who do not see it."""
        box = f"0 0 {self.width:g} {self.height:g}"
        return tag("svg", *self.marks, viewBox=box, role="img", aria_label=label)


def short(value: float) -> str:
    """Format a tick."""
    size = abs(value)
    for least, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= least * 0.9999:
            return f"{value / least:.4g}{unit}"
    return f"{value:.4g}" if size >= 1e-4 or not size else f"{value:.0e}"


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
