from __future__ import annotations

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison
from mmexp.analysis.report.colour import colour
from mmexp.analysis.verdict import BaselineComparison


def test_the_best_fusions_are_coloured_and_baselines_are_not(make_row):
    rows = [make_row(0.9 - i / 100, fusion=f"f{i}") for i in range(8)]
    rows.append(make_row(0.89, fusion="none", inputs=["image"]))
    found = make_comparison(compare(rows)[0], BaselineComparison(rows))
    colours = {way.name: colour(way, found) for way in found.ways}
    assert colours.pop("image alone") == "base"
    assert list(colours.values()) == ["c0", "c1", "c2", "c3", "c4", "c5", "cx", "cx"]
