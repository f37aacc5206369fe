from __future__ import annotations

from dataclasses import replace

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.ranking.cost import show
from mmexp.analysis.verdict import BaselineComparison


def comparison_of(*rows):
    return make_comparison(compare(rows)[0], BaselineComparison(rows))


def test_ways_are_dots_and_those_that_none_beats_in_both_are_named(make_row, tags):
    rows = [make_row(0.9, fusion="gated"), make_row(0.5), make_row(0.7, fusion="none", inputs=["image"])]
    rows.append(make_row(0.1, control="blank"))
    costs = zip(rows, (20.0, 30.0, 10.0, 1.0), strict=True)
    found = tags(show(comparison_of(*(replace(row, seconds=cost) for row, cost in costs)), Media()))
    assert len(found.all("svg")) == 1 and len(found.all("circle")) == 3
    assert "gated: 0.900, 20 s, on the Pareto front" in found.words and "concat: 0.500, 30 s" in found.words
    assert "Not drawn: blank inputs." in found.words


def test_equal_or_unknown_costs_have_no_chart(make_row):
    assert show(comparison_of(make_row(0.9, fusion="gated"), make_row(0.5)), Media()) is None
