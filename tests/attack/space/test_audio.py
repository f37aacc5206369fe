from __future__ import annotations

import pytest
import torch

from mmexp.attack.space.audio import space
from mmexp.contract import Padded


def test_a_unit_is_the_root_mean_square_of_what_is_real():
    waves = Padded(
        torch.tensor([[0.3, -0.4, 0.0, 0.0], [0.5, 0.5, 0.5, 0.5]]),
        torch.tensor([[True, True, False, False], [True] * 4]),
    )
    unit = space(waves, None, {}).unit
    assert unit[0].tolist() == pytest.approx([0.125**0.5] * 2 + [0, 0])
    assert unit[1].tolist() == pytest.approx([0.5] * 4)


def test_samples_stay_within_full_scale_and_one_that_is_louder_stays_possible():
    waves = Padded(torch.tensor([[0.9, 1.2]]), torch.ones(1, 2, dtype=torch.bool))
    assert space(waves, None, {}).ball(0.5).project(torch.tensor([[5.0, 5.0]]))[0].tolist() == pytest.approx([1.0, 1.2])


def test_a_recording_that_is_missing_is_not_touched():
    waves = Padded(torch.zeros(1, 3), torch.zeros(1, 3, dtype=torch.bool))
    assert not space(waves, None, {}).unit.any()
