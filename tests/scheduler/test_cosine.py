from __future__ import annotations

import numpy as np
import pytest
import torch

from mmexp.scheduler.cosine import CosineScheduler


def rates(steps: int, **settings: float) -> list[float]:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([{"params": [weight], "lr": 0.5}])
    scheduler = CosineScheduler(optimizer=optimizer, **settings)
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out


@pytest.mark.parametrize(("total", "warmup", "floor"), [(100, 0.1, 0.01), (37, 0.0, 0.0), (64, 0.25, 0.5)])
def test_it_agrees_with_the_closed_form(total, warmup, floor):
    rising = int(total * warmup)
    step = np.arange(total + 5)
    fall = floor + (1 - floor) * 0.5 * (1 + np.cos(np.pi * np.minimum(1, (step - rising) / (total - rising))))
    expected = 0.5 * np.where(step < rising, (step + 1) / (rising + 1), fall)
    np.testing.assert_allclose(rates(total + 5, total_steps=total, warmup=warmup, floor=floor), expected, atol=1e-12)


def test_it_rises_to_the_optimizers_rate_and_falls_to_the_floor():
    values = rates(101, total_steps=100)
    assert max(values) == values[5] == 0.5 and 0 < values[0] < values[4] < 0.5
    assert values[100] == pytest.approx(0.005) and sorted(values[5:], reverse=True) == values[5:]


@pytest.mark.parametrize("warmup", [1.0, -0.1])
def test_a_warmup_that_is_no_share_is_refused(warmup):
    with pytest.raises(ValueError, match=rf"CosineScheduler: warmup must be in \[0, 1\), got {warmup}"):
        rates(1, total_steps=10, warmup=warmup)
