from __future__ import annotations

from dataclasses import replace

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.ranking.seeds import show
from mmexp.analysis.verdict import BaselineComparison


def test_each_run_is_a_dot_and_each_mean_has_its_interval(make_comparison_of, tags):
    found = tags(show(make_comparison_of(), Media()))
    dots = [one["class"] for one in found.all("circle")]
    assert sum("seed" in one for one in dots) == 9 and sum("won" in one for one in dots) == 2
    assert sum("interval" in one["class"] for one in found.all("polyline")) == 3 + 2
    assert "gated: 0.918 [0.873, 0.963], n = 3 seeds" in found.words


def test_a_baseline_far_below_is_a_number_at_the_edge(make_comparison_of, tags):
    assert "◂ 0.408" in tags(show(make_comparison_of(), Media())).words


def test_without_a_value_there_is_no_chart(make_row):
    rows = [replace(make_row(0.5), metrics={"test/accuracy": None})]
    assert show(make_comparison(compare(rows)[0], BaselineComparison(rows)), Media()) is None
