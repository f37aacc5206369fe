from __future__ import annotations

import pytest

from mmexp.search.rung import (
    FINAL,
    FIRST,
    Trial,
    best,
    named,
    seeds_within,
    share_of_epochs,
    sizes_of_rungs,
    survivors,
    trials_within,
)


@pytest.mark.parametrize(("fusions", "sizes"), [(27, [27, 14, 7, 4]), (4, [4]), (3, [3]), (1, [1])])
def test_the_fusions_are_halved_until_the_finalists_are_left(fusions: int, sizes: list[int]):
    assert sizes_of_rungs(fusions, 3) == sizes
    assert survivors(sizes[-1], 3) <= 3


def test_the_last_rung_trains_to_the_end_and_none_is_shorter_than_an_eighth():
    assert [share_of_epochs(stage, 5) for stage in range(5)] == [0.125, 0.125, 0.25, 0.5, 1]


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        ([Trial(FIRST, "sum", 0, ())], "sum for once, to see what a run costs"),
        (
            [Trial(1, way, i, (), share=0.5) for way in ("sum", "film", "image") for i in range(2)],
            "rung 2 of 3: 2 fusion(s) and 1 input(s) alone, 2 trial(s) of each for 50% of the epochs",
        ),
        (
            [Trial(FINAL, way, 0, ()) for way in ("sum", "sum", "image", "image")]
            + [Trial(FINAL, "sum", 0, (), control="blank")],
            "2 new seed(s) of sum and 1 input(s) alone, to be compared on test",
        ),
    ],
)
def test_a_round_is_named_by_what_is_trained_how_often_and_for_how_long(trials: list[Trial], said: str):
    assert named(trials, ["image", "text"], 3) == said


def test_the_best_come_first():
    assert best({"sum": 0.1, "film": 0.3, "gated": 0.2}, 2) == ["film", "gated"]


def test_as_many_trials_of_all_ways_as_fit():
    assert trials_within(100, [10, 20], most=10) == 3 and trials_within(100, [1, 1], most=10) == 10
    assert trials_within(20, [10, 20], most=10) == 0 and trials_within(20, [0.0], most=4) == 4


@pytest.mark.parametrize(
    ("seconds", "expected"), [(1000, (3, 10)), (120, (3, 3)), (119, (2, 3)), (60, (1, 3)), (0, (1, 1))]
)
def test_three_seeds_of_fewer_finalists_rather_than_fewer_seeds(seconds: float, expected: tuple[int, int]):
    assert seeds_within(seconds, [10, 10, 10], others=10, most=10) == expected
