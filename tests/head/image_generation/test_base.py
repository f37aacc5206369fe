from __future__ import annotations

import torch

from mmexp.head.image_generation.base import Chance, mean

CPU = torch.device("cpu")


def test_the_chance_of_a_sample_comes_from_its_id_alone():
    torch.manual_seed(0)
    both = Chance.of(["a", "b"], 4, CPU)
    torch.manual_seed(1)
    alone = Chance.of(["b"], 4, CPU)
    assert torch.equal(both.noise[1:], alone.noise) and torch.equal(both.level[1:], alone.level)
    assert not torch.equal(both.noise[0], both.noise[1]) and both.level[0] != both.level[1]


def test_the_chance_of_training_is_another_each_time():
    torch.manual_seed(0)
    first, second = Chance.draw(2, 4, CPU), Chance.draw(2, 4, CPU)
    assert first.noise.shape == (2, 3, 4, 4) and first.level.shape == (2,)
    assert not torch.equal(first.noise, second.noise) and not torch.equal(first.level, second.level)


def test_levels_of_a_batch_come_from_as_many_equal_shares_in_any_order():
    levels = [Chance.draw(8, 4, CPU).level for _ in range(20)]
    assert all(sorted((torch.special.ndtr(level) * 8).floor().tolist()) == list(range(8)) for level in levels)
    assert len({tuple(level.argsort().tolist()) for level in levels}) > 10


def test_noise_is_standard_normal():
    noise = Chance.of([str(i) for i in range(40)], 16, CPU).noise
    assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.02


def test_only_what_is_known_counts():
    values = torch.tensor([1.0, 5.0, 3.0])
    assert mean(values, torch.tensor([True, False, True])) == 2
    assert mean(values, torch.zeros(3, dtype=torch.bool)) == 0
