from __future__ import annotations

import numpy as np
import pytest

from mmexp.sampler.poisson import PoissonSampler


def drawn(size: int, batch_size: int, epochs: int) -> list[np.ndarray]:
    return [
        batch
        for epoch in range(epochs)
        for batch in PoissonSampler().batches(size, batch_size, np.random.default_rng((0, epoch)))
    ]


def test_each_sample_is_in_each_batch_with_the_same_probability_and_alone():
    batches = drawn(40, 8, epochs=400)
    member = np.zeros((len(batches), 40))
    for row, batch in enumerate(batches):
        member[row, batch] += 1
    assert len(batches) == 2000 and member.max() == 1
    sizes = member.sum(1)
    assert np.abs(member.mean(0) - 0.2).max() < 0.04
    assert sizes.mean() == pytest.approx(8, abs=0.25) and sizes.var() == pytest.approx(40 * 0.2 * 0.8, rel=0.15)
    assert np.abs(np.corrcoef(member[:-1].ravel(), member[1:].ravel())[0, 1]) < 0.02


def test_a_batch_may_be_empty_and_one_of_all_holds_all():
    assert any(not len(batch) for batch in drawn(5, 1, epochs=20))
    (whole,) = drawn(5, 8, epochs=1)
    assert whole.tolist() == [0, 1, 2, 3, 4]


def test_an_epoch_has_as_many_batches_as_if_it_held_each_sample_once():
    assert [len(drawn(size, 4, epochs=1)) for size in (3, 4, 5, 8, 9)] == [1, 1, 2, 2, 3]
    assert PoissonSampler.rate(10, 4) == 0.4 and PoissonSampler.rate(3, 4) == 1.0
