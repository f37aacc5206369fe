"""Batch norms that take the statistics of all processes, on any device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from pytorch_lightning.plugins.layer_sync import LayerSync
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class BatchNormSync(LayerSync):
    """Let every batch norm that trains, also one that inherits from PyTorch's, normalise over all processes.

    Parameters and buffers stay as they are, so that a checkpoint fits any number of processes. The processes talk in a
    group of their own: they may meet here before or after DistributedDataParallel has them add up a gradient.
    """

    def apply(self, model: nn.Module) -> nn.Module:
        statistics = _AllProcesses(dist.new_group())
        for norm in _norms(model):
            norm.forward = partial(_within, statistics, norm.forward)
        return model

    def revert(self, model: nn.Module) -> nn.Module:
        for norm in _norms(model):
            vars(norm).pop("forward", None)
        return model


def _norms(model: nn.Module) -> list[nn.Module]:
    return [module for module in model.modules() if isinstance(module, BATCH_NORMS)]


def _within(mode: TorchFunctionMode, forward: Callable[[Tensor], Tensor], features: Tensor) -> Tensor:
    with mode:
        return forward(features)


class _AllProcesses(TorchFunctionMode):
    """Replaces ``F.batch_norm`` by ``batch_norm``.

    Args:
        group: Of all processes.
    """

    def __init__(self, group: Any) -> None:
        super().__init__()
        self.group = group

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return (partial(batch_norm, self.group) if func is F.batch_norm else func)(*args, **(kwargs or {}))


def batch_norm(
    group: Any,
    features: Tensor,
    mean: Tensor | None,
    var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise as ``F.batch_norm`` does, over the batches of all processes while training. [B, C, ...]

    The batches may differ in size and be empty. Each process must call this at the same time.

    Source: Ioffe and Szegedy 2015, "Batch Normalization", https://arxiv.org/abs/1502.03167, algorithm 1; variances
    joined: Chan et al. 1983, "Algorithms for Computing the Sample Variance", https://doi.org/10.2307/2683386, eq. 2.1.

    Args:
        group: The processes.
        features: Of this process.
        mean: Running mean, which is updated; None for none. [C]
        var: Likewise, the variance. [C]
        weight: Scale of each channel; None for none. [C]
        bias: Shift of each channel; None for none. [C]
        training: Whether to normalise by the batch, else by what is running.
        momentum: Weight of this batch in what is running.
        eps: Added to the variance.
    """
    if not training:
        return F.batch_norm(features, mean, var, weight, bias, False, momentum, eps)
    centre, spread, count = _statistics(_precise(features.detach()), group)
    if mean is not None and var is not None:
        rate = (count > 0).to(mean.dtype) * momentum
        mean.lerp_(centre.to(mean.dtype), rate)
        var.lerp_((spread * count / (count - 1).clamp(min=1)).to(mean.dtype), rate)
    normal: Tensor = _Normalise.apply(features, weight, bias, centre, spread, count, eps, group)
    return normal


def _statistics(features: Tensor, group: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, variance and number of the values of each channel in all processes. -> [C], [C], []"""
    channels = features.shape[1]
    own = features.new_zeros(2 * channels + 1)  # of an empty batch
    if size := features.numel() // channels:
        var, mean = torch.var_mean(features, _axes(features), correction=0)
        own = torch.cat([mean, var, mean.new_tensor([size])])
    every = [torch.empty_like(own) for _ in range(dist.get_world_size(group))]
    dist.all_gather(every, own, group)
    means, variances, counts = torch.split(torch.stack(every), [channels, channels, 1], 1)  # [W, C], [W, C], [W, 1]
    total = counts.sum()
    shares = counts / total.clamp(min=1)
    centre = (shares * means).sum(0)
    return centre, (shares * (variances + (means - centre).square())).sum(0), total


class _Normalise(torch.autograd.Function):
    """Normalise by given statistics, whose own gradient is that of the values of all processes."""

    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        mean: Tensor,
        var: Tensor,
        count: Tensor,
        eps: float,
        group: Any,
    ) -> Tensor:
        ctx.group = group
        ctx.save_for_backward(features, weight, mean, (var + eps).rsqrt(), count)
        return F.batch_norm(features, mean, var, weight, bias, False, 0.0, eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        features, weight, mean, scale, count = ctx.saved_tensors
        gradient, shape = _precise(gradients[0]), (1, -1, *[1] * (features.ndim - 2))
        axes, normal = _axes(features), (features - mean.view(shape)) * scale.view(shape)
        own = torch.stack([gradient.sum(axes), (gradient * normal).sum(axes)])  # [2, C]
        every = own.clone()
        dist.all_reduce(every, group=ctx.group)
        shift, slope = (every / count.clamp(min=1)).view(2, *shape)
        factor = scale if weight is None else scale * weight
        inner = (gradient - shift - normal * slope) * factor.view(shape)
        found = zip((inner.to(features.dtype), own[1], own[0]), ctx.needs_input_grad[:3], strict=True)
        return (*(one if needed else None for one, needed in found), *[None] * 5)


def _precise(values: Tensor) -> Tensor:
    """In single precision, unless they are in double."""
    return values.to(torch.promote_types(values.dtype, torch.float))


def _axes(features: Tensor) -> list[int]:
    """All but the channels."""
    return [axis for axis in range(features.ndim) if axis != 1]
