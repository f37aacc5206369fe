from __future__ import annotations

import pytest
import torch

from mmexp.scheduler.constant import ConstantScheduler


def rates(steps: int, **settings: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    scheduler = ConstantScheduler(optimizer=optimizer, **settings)
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out


def test_it_keeps_the_rate():
    assert rates(20, total_steps=10) == [2.0] * 20


def test_it_rises_in_equal_steps_before():
    assert rates(8, total_steps=10, warmup=0.3) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0, 2.0, 2.0])


@pytest.mark.parametrize("warmup", [1.0, -0.1])
def test_a_warmup_that_is_no_share_is_refused(warmup):
    with pytest.raises(ValueError, match=rf"ConstantScheduler: warmup must be in \[0, 1\), got {warmup}"):
        rates(1, total_steps=10, warmup=warmup)
