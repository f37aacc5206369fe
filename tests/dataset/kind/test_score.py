from __future__ import annotations

import math

import pytest

from mmexp.dataset.kind.score import ScoreKind, read_score


def test_a_score_is_a_finite_number():
    assert read_score(3) == read_score("3.0") == 3.0 and isinstance(read_score(3), float)
    for wrong in (True, "x", None, math.inf, [1]):
        with pytest.raises(ValueError, match="must be a finite number, got"):
            read_score(wrong)


def test_scores_are_summarised_by_their_moments():
    assert ScoreKind().summarise([1.0, 3.0]) == {"mean": 2.0, "std": 1.0}
