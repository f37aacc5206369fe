from __future__ import annotations

from mmexp.analysis.claim import claim
from mmexp.analysis.notes import notes, sources
from mmexp.analysis.report.media import Media
from mmexp.analysis.report.ranking.verdict import show


def test_the_sentences_are_those_of_the_table(make_comparison_of, tags):
    found = make_comparison_of()
    words = tags(show(found, Media())).words
    assert claim(found.ranking, found.verdicts) in words and "Gated beats its best single input (image)" in words
    assert sources(found.verdicts) in words and notes(found.ranking)[0] in words
