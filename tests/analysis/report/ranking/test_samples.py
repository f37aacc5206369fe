from __future__ import annotations

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.ranking.samples import show
from mmexp.analysis.verdict import BaselineComparison


def test_a_sample_has_its_inputs_and_what_each_way_said(make_comparison_of, tags):
    found = tags(show(make_comparison_of(), Media()))
    assert len(found.all("img")) == 1 and "a text" in found.words
    assert "12 runs: gated, sum, image alone, audio alone" in found.words and "✗" in found.words and "✓" in found.words


def test_in_folds_only_the_runs_that_had_the_sample_are_counted(make_row, tags):
    rows = [make_row(0.5, fold=f, rows=[{"id": f, "label": "x", "target": "x"}]) for f in ("a", "b")]
    words = tags(show(make_comparison(compare(rows)[0], BaselineComparison(rows)), Media())).words
    assert words.count("1 run: concat") == 2 and " of 2" not in words


def test_without_predictions_there_is_nothing(make_row):
    rows = [make_row(0.5)]
    assert show(make_comparison(compare(rows)[0], BaselineComparison(rows)), Media()) is None
