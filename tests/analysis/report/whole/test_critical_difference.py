from __future__ import annotations

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison
from mmexp.analysis.report.whole.critical_difference import show
from mmexp.analysis.verdict import BaselineComparison


def test_fusions_are_ranked_over_data_sets_and_those_that_cannot_be_distinguished_are_joined(make_row, tags):
    rows = [make_row(0.9 - i / 10, fusion=f"f{i}", data=data) for i in range(5) for data in "abcdef"]
    rankings = compare(rows)
    found = tags(show([make_comparison(one, BaselineComparison(rows)) for one in rankings], []))
    assert "f0 1.00" in found.words and "5.00 f4" in found.words and "over 6 data sets" in found.words
    joined = [one for one in found.all("polyline") if "joined" in one["class"]]
    assert len(joined) == 3 and "cannot be distinguished: f0, f1, f2" in found.words


def test_one_data_set_or_two_fusions_have_no_ranks(make_comparison_of):
    assert show([make_comparison_of()], []) is None
