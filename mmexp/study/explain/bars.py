"""Bars of what parts count, largest first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexp.analysis.report.html import Html
from mmexp.analysis.report.svg import Chart

MOST = 20
_ROW, _LEFT, _HALF = 18.0, 160.0, 120.0


def bars(names: Sequence[str], values: np.ndarray, title: str) -> Html:
    """Draw the largest of them, either way.

    Args:
        names: Of the parts.
        values: What each counts.
        title: For those who do not see it.
    """
    order = np.argsort(-np.abs(values))[:MOST]
    largest = float(np.abs(values).max(initial=0)) or 1.0
    chart = Chart(_LEFT + 2 * _HALF, _ROW * len(order))
    for row, i in enumerate(order):
        wide, top = abs(float(values[i])) / largest * _HALF, row * _ROW
        left = _LEFT + _HALF - (wide if values[i] < 0 else 0.0)
        chart.add("rect", x=left, y=top + 3, width=wide, height=_ROW - 6, class_="for" if values[i] > 0 else "against")
        chart.text(_LEFT - 6, top + 13, names[i], "name", "end")
    return chart.svg(title)
