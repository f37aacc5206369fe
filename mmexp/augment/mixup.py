"""Mixup."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.distributions import Beta

from mmexp.augment.base import Augment
from mmexp.contract import Batch, Padded
from mmexp.transform.label import Labels


class Mixup(Augment):
    """Mix each sample with another one of its batch, inputs and labels: ``lambda x_i + (1 - lambda) x_j``.

    Every input must be images, video, audio or vectors, and every target a label or labels. An input that one of the
    two lacks is that of the other.

    Source: Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization", https://arxiv.org/abs/1710.09412, eq. 2:
    one ``lambda ~ Beta(alpha, alpha)`` for each batch.

    Args:
        alpha: The larger, the more of both.

    Raises:
        ValueError: If alpha is not positive, or an input or target cannot be mixed.
    """

    mixes = True

    def __init__(self, *, alpha: float = 0.2) -> None:
        if alpha <= 0:
            raise ValueError(f"{type(self).__name__}: alpha must be positive, got {alpha}.")
        self.alpha = alpha

    def __call__(self, batch: Batch) -> Batch:
        share = float(Beta(torch.tensor(float(self.alpha)), torch.tensor(float(self.alpha))).sample())
        self._check(batch)
        order = torch.randperm(len(batch), device=next(iter(batch.inputs.values())).mask.device)
        inputs, share = self.mix(batch.inputs, order, share)
        return replace(
            batch, inputs=inputs, targets={name: own.mixed(order, share) for name, own in batch.targets.items()}
        )

    def mix(self, inputs: dict[str, Padded], order: Tensor, share: float) -> tuple[dict[str, Padded], float]:
        """Mix all inputs.

        Args:
            inputs: By modality.
            order: Number of the other sample of each. [B]
            share: Of its own that was drawn.

        Returns:
            The mixed inputs, and the share that labels are mixed by.
        """
        return {name: linear(own, order, share) for name, own in inputs.items()}, share

    def _check(self, batch: Batch) -> None:
        name = type(self).__name__
        for key, own in batch.inputs.items():
            if not (own.values.is_floating_point() or own.values.dtype == torch.uint8):
                raise ValueError(f"{name}: inputs must be pixels or real numbers, got {key} of {own.values.dtype}.")
        for key, target in batch.targets.items():
            if not isinstance(target, Labels):
                raise ValueError(f"{name}: targets must be labels, which can be mixed, got {key}.")


def linear(own: Padded, order: Tensor, share: float) -> Padded:
    """Mix the values of each row with those of another one; what only one of the two has stays whole."""
    present, other = own.present.float(), own.present[order].float()
    shares = torch.where((present * other).bool(), torch.full_like(present, share), present)
    shares = shares.reshape(-1, *[1] * (own.values.ndim - 1))
    values = shares * own.values + (1 - shares) * own.values[order]
    values = values.round() if own.values.dtype == torch.uint8 else values
    return replace(own, values=values.to(own.values.dtype), mask=own.mask | own.mask[order])
