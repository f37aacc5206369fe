from __future__ import annotations

from random import Random

import numpy as np
import pytest

from mmexp.config.space import Dimension
from mmexp.search.random import RandomSearch, draw

WORDS = ["dim=32", "fusion=concat,gated", "optimizer.lr=tag(log, interval(1e-4, 1e-2))"]


def test_jobs_are_drawn_at_once_and_more_of_them_begin_with_the_same():
    few, many = (RandomSearch(overrides=WORDS, trials=number).ask() for number in (5, 9))
    assert many[:5] == few and len({tuple(one) for one in many}) == 9
    assert all(one[0] == "dim=32" and one[1] in ("fusion=concat", "fusion=gated") for one in many)
    assert RandomSearch(overrides=WORDS, trials=5, seed=1).ask() != few
    search = RandomSearch(overrides=WORDS, trials=1)
    assert len(search.ask()) == 1 and search.ask() == []


@pytest.mark.parametrize(
    ("dimension", "quartiles"),
    [
        (Dimension("a", low=0.0, high=1.0), (0.25, 0.75)),
        (Dimension("a", low=1e-4, high=1.0, log=True), (1e-3, 1e-1)),
        (Dimension("a", low=1, high=4, integer=True), (1, 3)),
    ],
)
def test_draws_are_uniform_or_log_uniform(dimension: Dimension, quartiles: tuple[float, float]):
    generator = Random(0)
    drawn = [float(draw(dimension, generator)) for _ in range(4000)]
    assert dimension.low <= min(drawn) and max(drawn) <= dimension.high
    below = [np.mean([value <= quartile for value in drawn]) for quartile in quartiles]
    assert below == pytest.approx([0.25, 0.75], abs=0.03)


def test_whole_numbers_are_drawn_from_their_logarithm_too():
    drawn = {draw(Dimension("a", low=1, high=8, log=True, integer=True), Random(i)) for i in range(60)}
    assert drawn <= set(range(1, 9)) and {1, 8} <= drawn


def test_no_trials_are_refused():
    with pytest.raises(ValueError, match="trials must be at least 1, got 0"):
        RandomSearch(overrides=[], trials=0)
