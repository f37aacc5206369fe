from __future__ import annotations

import numpy as np

from mmexp.sampler.base import Sampler


def test_by_itself_it_draws_each_sample_once():
    sampler = Sampler()
    sampler.prepare(lambda target: iter(()))
    assert sorted(sampler.order(9, np.random.default_rng(0))) == list(range(9)) and sampler.notes() == []


def test_its_batches_are_its_order_cut():
    batches = Sampler().batches(9, 4, np.random.default_rng(0))
    assert [len(batch) for batch in batches] == [4, 4, 1]
    assert np.concatenate(batches).tolist() == Sampler().order(9, np.random.default_rng(0)).tolist()
