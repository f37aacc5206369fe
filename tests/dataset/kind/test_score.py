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


def test_commas_of_a_column_of_scores_are_read_by_all_of_them():
    def read(*cells: str) -> list[float]:
        kind = ScoreKind().for_column([{"y": cell} for cell in cells], "y", {})
        return [kind.read_target(cell) for cell in cells]

    assert read("2,5", "3", "4,75") == [2.5, 3, 4.75] and read("1,200.5", "1,300") == [1200.5, 1300]
    with pytest.raises(
        ValueError, match=r"must show what its commas mean, got '1,200'\. Set kind\.score\.decimal=point or"
    ):
        read("1,200", "1,300")
    assert ScoreKind(decimal="comma").for_column([], "y", {}).read_target("1,200") == 1.2
    with pytest.raises(ValueError, match=r"ScoreKind: decimal must be point, comma or null, got '\.'"):
        ScoreKind(decimal=".")  # type: ignore[arg-type]
