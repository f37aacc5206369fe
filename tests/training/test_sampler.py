from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from mmexp.training.sampler import BatchStream, Draw, Share, batches_apart, batches_per_epoch, earlier


def indices(batches: Sequence[Sequence[Draw]]) -> list[int]:
    return [draw.index for batch in batches for draw in batch]


@pytest.mark.parametrize("start", [1, 3, 4, 9, 12])
def test_resuming_gives_the_tail_of_the_uninterrupted_stream(start):
    whole = list(BatchStream(size=13, batch_size=4, total=12, seed=1))
    assert list(BatchStream(size=13, batch_size=4, total=12, seed=1, start=start)) == whole[start:]
    assert len(whole) == 12


@pytest.mark.parametrize(("size", "batch_size"), [(12, 4), (13, 4), (3, 8)])
def test_each_epoch_is_another_permutation(size, batch_size):
    per_epoch = batches_per_epoch(size, batch_size, 1)
    batches = list(BatchStream(size=size, batch_size=batch_size, total=3 * per_epoch, seed=1))
    epochs = [batches[i * per_epoch : (i + 1) * per_epoch] for i in range(3)]
    assert all(sorted(indices(epoch)) == list(range(size)) for epoch in epochs)
    assert all({draw.epoch for batch in epoch for draw in batch} == {i} for i, epoch in enumerate(epochs))
    assert size == 3 or len({tuple(indices(epoch)) for epoch in epochs}) == 3


def test_another_seed_gives_another_order():
    one, same, other = (list(BatchStream(size=50, batch_size=4, total=12, seed=seed)) for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("size", [12, 13, 14])
def test_the_ranks_together_see_each_batch_once(size, world):
    per_epoch = batches_per_epoch(size, 6, world)
    settings = {"size": size, "batch_size": 6, "total": 2 * per_epoch, "seed": 1}
    ranks = [list(BatchStream(**settings, rank=rank, world=world)) for rank in range(world)]
    alone = list(BatchStream(size=size, batch_size=6, total=2 * batches_per_epoch(size, 6, 1), seed=1))
    alone = [batch for i, batch in enumerate(alone) if i % batches_per_epoch(size, 6, 1) < per_epoch]
    assert len({len(rank) for rank in ranks}) == 1 and all(batch for rank in ranks for batch in rank)
    for shares, whole in zip(zip(*ranks, strict=True), alone, strict=True):
        assert Counter(draw for share in shares for draw in share) == Counter(whole)


@pytest.mark.parametrize(
    ("size", "batch_size", "world", "batches"), [(8, 4, 1, 2), (9, 4, 1, 3), (9, 4, 2, 2), (10, 4, 2, 3), (2, 4, 1, 1)]
)
def test_a_last_batch_with_fewer_samples_than_processes_is_left_out(size, batch_size, world, batches):
    assert batches_per_epoch(size, batch_size, world) == batches


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 5, 7, 101])
def test_shares_cover_every_sample_once(size, world):
    shares = [Share(size=size, rank=rank, world=world) for rank in range(world)]
    assert sorted(draw.index for share in shares for draw in share) == list(range(size))
    assert all(len(list(share)) == len(share) for share in shares)


def test_batches_of_one_pattern_hold_every_sample_once():
    batches = batches_apart(range(1, 14, 2), ["a", "b", "a", "a", "c", "b", "a"], 3)
    assert [[draw.index for draw in batch] for batch in batches] == [[1, 5, 7], [13], [3, 11], [9]]
    assert batches_apart([], [], 3) == []


def test_a_sample_that_a_pass_draws_again_is_told_apart():
    stream = BatchStream(size=3, batch_size=2, total=2, seed=0, batches=lambda *_: [np.array([2, 1]), np.array([2])])
    assert list(stream) == [[Draw(2, 0, 0), Draw(1, 0, 0)], [Draw(2, 0, 1)]]
    empty = BatchStream(size=3, batch_size=3, total=1, seed=0, batches=lambda *_: [np.array([], int)])
    assert list(empty) == [[]]
    assert earlier(np.array([3, 3, 1, 3, 1])).tolist() == [0, 1, 0, 2, 1]
    assert earlier(np.array([], int)).tolist() == []
