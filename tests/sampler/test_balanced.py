from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mmexp.error import ConfigError
from mmexp.sampler.balanced import BalancedSampler
from mmexp.training.sampler import BatchStream

LABELS = ["cat"] * 20 + ["dog"] * 3 + [" dog"] + ["cow"] * 2


def make(labels: list[object] = LABELS) -> BalancedSampler:
    sampler = BalancedSampler(target="label")
    sampler.prepare(lambda target: iter({"label": labels}[target]))
    return sampler


def drawn(seed: int) -> list[int]:
    return make().order(len(LABELS), np.random.default_rng(seed)).tolist()


def test_each_class_is_drawn_equally_often_and_each_of_its_samples_too():
    times = Counter(drawn(0))
    classes = {
        name: [times[i] for i, label in enumerate(LABELS) if label.strip() == name] for name in ("cat", "dog", "cow")
    }
    assert sorted(map(sum, classes.values())) == [8, 9, 9]
    assert all(max(own) - min(own) <= 1 for own in classes.values())


def test_another_epoch_draws_another_part_of_what_is_frequent():
    one, same, other = drawn(0), drawn(0), drawn(1)
    assert one == same != other and {i for i in one if i < 20} != {i for i in other if i < 20}


@pytest.mark.parametrize("world", [1, 2])
def test_the_ranks_share_its_batches_and_a_resumed_run_goes_on_with_them(world):
    settings = {"size": len(LABELS), "batch_size": 6, "total": 12, "seed": 3, "batches": make().batches}
    whole = list(BatchStream(**settings))
    ranks = [list(BatchStream(**settings, rank=rank, world=world, start=7)) for rank in range(world)]
    for batch, *shares in zip(whole[7:], *ranks, strict=True):
        assert Counter(batch) == Counter(draw for share in shares for draw in share)


def test_samples_without_a_label_are_half_of_what_is_drawn():
    order = make().order(len(LABELS) + 14, np.random.default_rng(0))
    assert len(order) == 40 and sum(order >= len(LABELS)) == 20


def test_a_share_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"unlabeled must be in \[0, 1\), got 1\.0"):
        BalancedSampler(target="label", unlabeled=1.0)


def test_it_says_how_often_a_class_is_drawn():
    assert make().notes() == [
        "train: each of 3 classes of label is drawn equally often per epoch; the data has from 2 to 20 of one."
    ]


def test_several_labels_per_sample_are_refused():
    with pytest.raises(
        ConfigError, match=r"target must be one label per sample, such as label, got label, where one is \['a'\]"
    ):
        make([["a"]])
