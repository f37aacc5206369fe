"""Convolutions that a processor with AMX computes wrongly in bfloat16.

PyTorch 2.15 with oneDNN gives wrong numbers for some convolutions of few channels on processors with AMX instructions,
such as 16 channels with a kernel of 4, or 8 with one of 8: they have nothing to do with the right ones, and no error is
raised. Found by comparing 7,872 shapes with float32: all wrong ones are among those of ``is_narrow``, and depend on the
length of the input too. None of mmexp's own encoders has such a shape with its defaults; pretrained models may.

Private API used: ``_conv_forward`` of the convolutions of torch, which computes what ``forward`` returns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d


def keep_float32(model: nn.Module) -> None:
    """Let the narrow convolutions of a model compute in float32 on a CPU, whatever autocast says."""
    for layer in model.modules():
        if isinstance(layer, Convolution) and is_narrow(layer):
            layer._conv_forward = partial(_in_float32, layer._conv_forward)  # type: ignore[method-assign]


def is_narrow(layer: Convolution) -> bool:
    """Whether a row of its kernel fills rows of 64 bytes of a tile from fewer than 32 channels."""
    channels = layer.in_channels // layer.groups
    row = channels * layer.kernel_size[-1]
    return channels < 32 and channels % 2 == 0 and row >= 64 and row % 32 == 0


def _in_float32(convolve: Callable[..., Tensor], values: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    if values.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
        return convolve(values, weight, bias)
    with torch.autocast("cpu", enabled=False):
        return convolve(values.float(), weight, bias)
