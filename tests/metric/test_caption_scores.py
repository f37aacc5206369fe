from __future__ import annotations

import pytest

from mmexp.metric.caption_scores import CaptionScores


def test_all_metrics_count_the_same_tokens():
    scores = CaptionScores(references="", tokenize="characters")
    made = {**scores.quality(), **scores.greedy(), **scores.variety()}
    assert {one.tokenize for one in made.values()} == {"characters"} and len(made) == 11


def test_an_unknown_way_to_split_is_refused():
    with pytest.raises(ValueError, match="tokenize must be words, characters or blanks, got 'char'"):
        CaptionScores(references="", tokenize="char")
