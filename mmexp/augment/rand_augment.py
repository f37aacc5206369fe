"""RandAugment."""

from __future__ import annotations

from dataclasses import replace

import torch
from torchvision.transforms import v2

from mmexp.augment.base import Augment
from mmexp.contract import Batch, Padded
from mmexp.transform.objects import Objects


class RandAugment(Augment):
    """Apply a few random operations to each image, such as shearing, rotation, contrast or posterisation.

    The frames of a video have the same ones.

    Source: Cubuk et al. 2020, "RandAugment", https://arxiv.org/abs/1909.13719; ``torchvision.transforms.v2``.

    Args:
        modality: Name of the images.
        operations: Number of operations in a row.
        magnitude: How strong they are, in [0, 30].

    Raises:
        ValueError: If a number is out of range, the input is absent or no image, or a target is boxes or a mask.
    """

    def __init__(self, *, modality: str = "image", operations: int = 2, magnitude: int = 9) -> None:
        if operations < 1:
            raise ValueError(f"RandAugment: operations must be at least 1, got {operations}.")
        if not 0 <= magnitude <= 30:
            raise ValueError(f"RandAugment: magnitude must be in [0, 30], got {magnitude}.")
        self.modality = modality
        self.augment = v2.RandAugment(num_ops=operations, magnitude=magnitude)

    def __call__(self, batch: Batch) -> Batch:
        images = batch.inputs.get(self.modality)
        if images is None or images.values.dtype != torch.uint8 or images.values.ndim < 4:
            known = ", ".join(batch.inputs)
            raise ValueError(f"RandAugment: modality must be images among the inputs {known}, got {self.modality!r}.")
        for name, target in batch.targets.items():
            if isinstance(target, Objects) or (isinstance(target, Padded) and target.values.ndim > 2):
                raise ValueError(f"RandAugment: targets must not be places in an image, got {name}.")
        there = images.present.tolist()
        rows = [self.augment(one) if known else one for one, known in zip(images.values, there, strict=True)]
        return replace(batch, inputs={**batch.inputs, self.modality: replace(images, values=torch.stack(rows))})
