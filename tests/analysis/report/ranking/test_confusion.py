from __future__ import annotations

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.ranking.confusion import show
from mmexp.analysis.verdict import BaselineComparison


def test_the_best_way_and_the_best_single_input_are_shown(make_comparison_of, tags):
    found = tags(show(make_comparison_of(), Media()))
    assert "gated, 3 runs" in found.words and "image alone, 3 runs" in found.words
    assert "b taken for a: 6 of 12" in found.words and "confidence 0.80: 0.50 right of 12" in found.words


def test_of_many_classes_the_most_frequent_confusions_are_listed(make_row, tags):
    answers = [{"id": str(i), "label": f"c{i}", "target": f"c{i // 2}", "score": 0.5} for i in range(60)]
    rows = [make_row(0.5, rows=answers)]
    found = tags(show(make_comparison(compare(rows)[0], BaselineComparison(rows)), Media()))
    assert "Most frequent confusions" in found.words and len(found.all("tr")) == 13


def test_without_predictions_there_is_nothing(make_row):
    rows = [make_row(0.5)]
    assert show(make_comparison(compare(rows)[0], BaselineComparison(rows)), Media()) is None
