"""Gaussian noise on inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from mmexp.augment.base import Augment
from mmexp.contract import Batch, Padded


class GaussianNoise(Augment):
    """Add Gaussian noise to inputs that are real numbers, such as vectors and audio; padding stays as it is.

    Source: Bishop 1995, "Training with Noise is Equivalent to Tikhonov Regularization".

    Args:
        modalities: Inputs to add it to.
        std: Standard deviation of the noise, in the units of the input after its transform.

    Raises:
        ValueError: If no modality is named, std is not positive, or an input is absent or not of real numbers.
    """

    def __init__(self, *, modalities: Sequence[str], std: float = 0.1) -> None:
        if not modalities:
            raise ValueError(f"GaussianNoise: modalities must name at least one, got {list(modalities)}.")
        if std <= 0:
            raise ValueError(f"GaussianNoise: std must be positive, got {std}.")
        self.modalities, self.std = tuple(modalities), std

    def __call__(self, batch: Batch) -> Batch:
        for name in self.modalities:
            if name not in batch.inputs:
                known = ", ".join(batch.inputs)
                raise ValueError(f"GaussianNoise: modalities must be among the inputs {known}, got {name!r}.")
        return replace(batch, inputs={**batch.inputs, **{name: self._noisy(name, batch) for name in self.modalities}})

    def _noisy(self, name: str, batch: Batch) -> Padded:
        values, mask = batch.inputs[name].values, batch.inputs[name].mask
        if not values.is_floating_point():
            raise ValueError(f"GaussianNoise: {name} must be real numbers, got {values.dtype}.")
        real = mask.reshape(*mask.shape, *[1] * (values.ndim - mask.ndim))
        return Padded(values + self.std * torch.randn_like(values) * real, mask)
