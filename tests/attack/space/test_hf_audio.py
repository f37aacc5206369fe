from __future__ import annotations

import torch

from mmexp.attack.space.hf_audio import space
from mmexp.contract import Padded


def test_samples_stay_within_the_range_of_their_recording():
    waves = Padded(torch.tensor([[2.0, -1.0, 0.0]]), torch.tensor([[True, True, False]]))
    found = space(waves, None, {}).ball(9.0).project(torch.full((1, 3), 50.0))
    assert found.tolist() == [[2.0, 2.0, 0.0]]


def test_spectrograms_stay_as_they_are():
    rows = Padded(torch.randn(2, 4, 5), torch.tensor([True, True]))
    assert torch.equal(space(rows, None, {}).ball(9.0).project(rows.values + 1), rows.values)
