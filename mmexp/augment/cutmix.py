"""CutMix."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mmexp.augment.mixup import Mixup, linear
from mmexp.contract import Padded


class CutMix(Mixup):
    """Put a box of another image of the batch into each image; labels are mixed by the area, as are other inputs.

    Inputs and targets must be such that mixup takes them. Where one of the two samples lacks the image, that of the
    other stays whole.

    Source: Yun et al. 2019, "CutMix", https://arxiv.org/abs/1905.04899, eqs. 1 and 2. Differs: inputs that are no
    images are mixed as in mixup.

    Args:
        modality: Name of the images.
        alpha: Of ``lambda ~ Beta(alpha, alpha)``; a box is ``1 - lambda`` of the area, less what sticks out.

    Raises:
        ValueError: If alpha is not positive, there are no such images, or an input or target cannot be mixed.
    """

    def __init__(self, *, modality: str = "image", alpha: float = 1.0) -> None:
        super().__init__(alpha=alpha)
        self.modality = modality

    def mix(self, inputs: dict[str, Padded], order: Tensor, share: float) -> tuple[dict[str, Padded], float]:
        images = inputs.get(self.modality)
        if images is None or images.values.ndim != 4:
            known = ", ".join(inputs)
            raise ValueError(f"CutMix: modality must be images among the inputs {known}, got {self.modality!r}.")
        height, width = images.values.shape[-2:]
        rows, columns = box(height, share), box(width, share)
        both = (images.mask & images.mask[order])[:, None, None, None]
        cut = torch.zeros(height, width, dtype=torch.bool, device=both.device)
        cut[rows, columns] = True
        values = linear(images, order, 1.0).values  # where one is missing, the other
        share = 1 - float(cut.float().mean())
        mixed = replace(
            images,
            values=torch.where(cut & both, images.values[order], values),
            mask=images.mask | images.mask[order],
        )
        others = {name: linear(own, order, share) for name, own in inputs.items() if name != self.modality}
        return {name: mixed if name == self.modality else others[name] for name in inputs}, share


def box(size: int, share: float) -> slice:
    """Draw where a box lies along one side: around a random place, ``sqrt(1 - share)`` of the side long."""
    place, half = int(torch.randint(size, ())), round(size * (1 - share) ** 0.5) // 2
    return slice(max(place - half, 0), min(place + half, size))
