"""What may be claimed, in the sentences that mmexp compare prints."""

from __future__ import annotations

from mmexp.analysis.claim import claim
from mmexp.analysis.comparison import Comparison
from mmexp.analysis.notes import notes, sources
from mmexp.analysis.report.html import Html, join, tag
from mmexp.analysis.report.media import Media

TITLE = ""
POSITION = 10


def show(comparison: Comparison, media: Media) -> Html:
    """Return the claim, the notes and the tests behind them."""
    ranking, verdicts = comparison.ranking, comparison.verdicts
    sentences = [tag("p", note) for note in notes(ranking)]
    sure = claim(ranking, verdicts)
    tests = sources(verdicts)
    claimed = tag("p", sure, class_="claim") if sure else None
    return join(claimed, *sentences, tag("p", tests, class_="dim") if tests else None)
