"""Mask patches of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.contract import Padded, Sample, Tokens
from mmexp.head.mlp import Head
from mmexp.layer.grid import as_grid
from mmexp.masking.base import Masking
from mmexp.masking.chances import chances_of, lowest
from mmexp.masking.patches import cut, fill, normalised
from mmexp.plot.questions import question_text
from mmexp.plot.reconstruction import reconstructions
from mmexp.transform.image import ImageTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GREY = 128  # brightness of a masked patch
SHOWN = 12  # images drawn


class ImageMasking(Masking):
    """Predict the normalised pixels of masked patches, by their mean squared error.

    Source: He et al. 2022, "Masked Autoencoders Are Scalable Vision Learners", https://arxiv.org/abs/2111.06377,
    section 3. Differs: a masked patch is grey rather than left out, so that any image encoder may be used.

    Args:
        dim: Width D of the tokens.
        ratio: Fraction of the patches that is masked.
        side: Patches along each side of an image; P is its square.
        patch_size: Side S of a patch that is predicted, in pixels.

    Shape:
        uint8 [B, 3, H, W] -> predictions [Q, 3 S S].

    Raises:
        ValueError: If the ratio is not between 0 and 1.
    """

    transforms = (ImageTransform,)

    def __init__(self, *, dim: int, ratio: float = 0.6, side: int = 8, patch_size: int = 8) -> None:
        super().__init__(dim=dim, ratio=ratio)
        self.side, self.patch_size = side, patch_size

    def prepare(self, transform: ImageTransform) -> None:
        self.head = Head(dim=self.dim, width=3 * self.patch_size**2, depth=1, dropout=0.0)

    def cells(self, inputs: Padded) -> Tensor:
        return inputs.mask.unsqueeze(1).expand(-1, self.side**2)

    def cover(self, inputs: Padded, masked: Tensor) -> Padded:
        grid = masked.view(-1, 1, self.side, self.side).float()
        grey = F.interpolate(grid, inputs.values.shape[-2:], mode="nearest") > 0  # [B, 1, H, W]
        return replace(inputs, values=inputs.values.masked_fill(grey, GREY))

    def predict(self, tokens: Tokens, inputs: Padded, masked: Tensor) -> Tensor:
        grid = F.adaptive_avg_pool2d(as_grid(tokens.features), self.side).flatten(2).mT  # [B, P, D]
        return self.head(grid[masked])  # type: ignore[no-any-return]

    def errors(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> Tensor:
        true = cut(inputs.values, self.side, self.patch_size)[masked]
        return (predicted - normalised(true)[0]).square().mean(1)

    def shown(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> list[np.ndarray | None]:
        """The image with its masked patches filled in."""
        filled = fill(inputs.values, masked, predicted, self.patch_size).cpu().numpy()
        return [image if there else None for image, there in zip(filled, inputs.mask.tolist(), strict=True)]

    def plots(self, name: str, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Some images as they are, masked and reconstructed, with their text."""
        own = f"masked_{name}"
        pairs = [pair for pair in zip(rows, samples, strict=True) if pair[0][own] is not None][:SHOWN]
        if not pairs:
            return {}
        chances = chances_of([f"{name}/{row['id']}" for row, _ in pairs], self.side**2)
        masks = lowest(chances, torch.ones_like(chances, dtype=torch.bool), self.ratio).numpy()
        shown = [(one.inputs[name], row[own], row.get("masked_text", []), question_text(one)) for row, one in pairs]
        return {own: reconstructions(shown, masks)}
