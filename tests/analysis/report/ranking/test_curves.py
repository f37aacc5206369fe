from __future__ import annotations

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.ranking.curves import show
from mmexp.analysis.verdict import BaselineComparison


def test_each_metric_has_a_chart_with_a_curve_per_way(make_comparison_of, tags):
    found = tags(show(make_comparison_of(), Media()))
    assert len(found.all("figure")) == 2 and len(found.all("polyline")) == 8
    assert "val/f1" in found.words and "gated: 0.750 in the end, 3 runs" in found.words


def test_runs_that_have_logged_nothing_have_none(make_row):
    rows = [make_row(0.5)]
    assert show(make_comparison(compare(rows)[0], BaselineComparison(rows)), Media()) is None
