from __future__ import annotations

import pytest

from mmexp.contract import Sample
from mmexp.dataset.control import ShuffledInputs


@pytest.mark.parametrize("size", [2, 3, 50])
def test_every_sample_gets_all_inputs_of_another_and_keeps_its_targets(size):
    samples = [Sample(str(i), {"image": i, "text": -i}, {"label": i}) for i in range(size)]
    shuffled = list(ShuffledInputs(samples, seed=1))
    assert [s.id for s in shuffled] == [s.id for s in samples]
    assert all(s.targets["label"] == i != s.inputs["image"] == -s.inputs["text"] for i, s in enumerate(shuffled))
    assert sorted(s.inputs["image"] for s in shuffled) == list(range(size))


def test_the_same_seed_shuffles_alike_and_another_one_otherwise():
    samples = [Sample(str(i), {"image": i}, {}) for i in range(30)]
    orders = [[s.inputs["image"] for s in ShuffledInputs(samples, seed)] for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert [s.inputs["image"] for s in ShuffledInputs(samples, 0)[3:5]] == orders[0][3:5]
