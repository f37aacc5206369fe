from __future__ import annotations

from mmexp.analysis.compare import compare
from mmexp.analysis.comparison import make_comparison
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.ranking.settings import show
from mmexp.analysis.verdict import BaselineComparison


def test_what_a_way_has_otherwise_than_most_is_listed_and_places_are_not(make_comparison_of, tags):
    found = tags(show(make_comparison_of(), Media()))
    assert "fusion._target_=mmexp.gated" in found.words and "fusion._target_=mmexp.none" not in found.words
    assert "as most" in found.words and "seed=" not in found.words and "name=" not in found.words


def test_one_config_differs_from_none(make_row):
    rows = [make_row(0.5)]
    assert show(make_comparison(compare(rows)[0], BaselineComparison(rows)), Media()) is None
