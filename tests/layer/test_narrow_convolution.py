from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mmexp.layer.narrow_convolution import is_narrow, keep_float32


@pytest.mark.parametrize(
    ("layer", "narrow"),
    [
        (nn.Conv1d(8, 16, 8), True),
        (nn.Conv2d(16, 8, 4), True),
        (nn.Conv3d(4, 8, (1, 1, 16)), True),
        (nn.Conv1d(64, 64, 4, groups=4), True),
        (nn.Conv2d(3, 8, 16), False),
        (nn.Conv2d(16, 8, 3), False),
        (nn.Conv1d(32, 8, 4), False),
        (nn.Conv2d(64, 64, 3, groups=64), False),
        (nn.Linear(8, 8), False),
    ],
)
def test_few_channels_under_a_kernel_that_fills_rows_are_narrow(layer: nn.Module, narrow: bool) -> None:
    assert (isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d) and is_narrow(layer)) is narrow


@pytest.mark.parametrize("length", [79, 160])
@pytest.mark.parametrize(("channels", "kernel", "stride"), [(8, 8, 4), (16, 8, 4), (16, 4, 4), (24, 8, 4), (4, 16, 1)])
def test_under_autocast_they_give_what_float32_gives(channels: int, kernel: int, stride: int, length: int) -> None:
    model, values = nn.Sequential(nn.Conv1d(channels, 8, kernel, stride)), torch.randn(2, channels, length)
    exact = model(values)
    keep_float32(model)
    for one in (model, copy.deepcopy(model)):
        with torch.autocast("cpu", torch.bfloat16):
            found = one(values)
        assert found.dtype == torch.float32 and torch.equal(found, exact)
    assert torch.equal(model(values), exact) and list(model.state_dict()) == ["0.weight", "0.bias"]


def test_other_layers_follow_autocast() -> None:
    model = nn.Sequential(nn.Conv1d(8, 8, 3))
    keep_float32(model)
    with torch.autocast("cpu", torch.bfloat16):
        assert model(torch.randn(2, 8, 16)).dtype == torch.bfloat16
