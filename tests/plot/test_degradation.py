from __future__ import annotations

import io

from mmexp.plot.degradation import degradation


def test_each_panel_has_its_lines_and_bands_where_there_are_intervals():
    points = [(0.0, 0.9, 0.85, 0.95), (1.0, 0.5, 0.4, 0.6)]
    bare = [(x, y, None, None) for x, y, _, _ in points]
    panels = {f"panel {i}": {"$a_1$": points, "b": bare} for i in range(4)}
    figure = degradation(panels, "test/accuracy", "share")
    drawn = [axes for axes in figure.axes if axes.lines]
    assert len(drawn) == 4 and [len(axes.lines) for axes in drawn] == [2] * 4
    assert all(len(axes.collections) == 1 for axes in drawn)
    assert [text.get_text() for text in drawn[0].get_legend().get_texts()] == ["$a_1$", "b"]
    figure.savefig(io.BytesIO(), format="png", dpi=20)
