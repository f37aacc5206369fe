"""Masks to class numbers on a square grid, of whole images and of what is seen of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mmexp.contract import Padded
from mmexp.error import DataError
from mmexp.transform.base import Transform, stack
from mmexp.transform.view import Images

IGNORE = 255
"""The number of a pixel that counts for nothing."""


class MaskTransform(Transform):
    """Squash a mask to a square by its nearest pixels; which part is seen is the task's to look up, by the view.

    Args:
        mask_size: Side of the square, in pixels.
        num_classes: Numbers that a pixel may have, from 0, in addition to IGNORE.

    Shape:
        uint8 [H, W] -> uint8 [mask_size, mask_size].

    Raises:
        ValueError: If mask_size < 1.
    """

    def __init__(self, *, mask_size: int, num_classes: int) -> None:
        if mask_size < 1:
            raise ValueError(f"MaskTransform: mask_size must be at least 1, got {mask_size}.")
        self.mask_size, self.num_classes = mask_size, num_classes

    def prepare(self, raw: np.ndarray) -> Tensor:
        """Check and squash one mask.

        Raises:
            DataError: If it is no array [H, W], or a pixel has a number that is no class's.
        """
        if raw.ndim != 2:
            raise DataError(f"mask must be [H, W], got {list(raw.shape)}.")
        strange = raw[(raw >= self.num_classes) & (raw != IGNORE)]
        if len(strange):
            raise DataError(f"mask must hold {IGNORE} and numbers below {self.num_classes}, got {strange.max()}.")
        image = Image.fromarray(raw.astype(np.uint8))
        squashed = image.resize((self.mask_size, self.mask_size), Image.Resampling.NEAREST)
        return torch.from_numpy(np.array(squashed))

    def collate(self, items: Sequence[Tensor | None]) -> Padded:
        return stack(items, torch.full((self.mask_size, self.mask_size), IGNORE, dtype=torch.uint8))


def look_up(masks: Padded, images: Images) -> Tensor:
    """What is seen of the masks of whole images, IGNORE outside of them. uint8 [B, S, S] -> long [B, S, S]"""
    side = masks.values.shape[-1]
    points = centres(side, side, masks.values.device).expand(len(masks.values), -1, -1)  # [B, S * S, 2]
    places = images.to_image(points) / images.sizes.clamp(min=1)[:, None]
    inside = ((places >= 0) & (places < 1)).all(-1) & (masks.mask & images.mask)[:, None]
    column, row = (places * side).long().clamp(0, side - 1).unbind(-1)
    found = masks.values.flatten(1).gather(1, row * side + column).long()
    return found.masked_fill(~inside, IGNORE).view(-1, side, side)


def spread(answers: Tensor, images: Images) -> list[np.ndarray | None]:
    """Masks of whole images from masks of what is seen, IGNORE elsewhere; None without an image. [B, S, S] -> B"""
    masks: list[np.ndarray | None] = []
    side = answers.shape[-1]
    for i, (width, height) in enumerate(images.sizes.long().tolist()):
        points = centres(height, width, answers.device) * images.sizes[i]
        places = images.row(i).to_view(points[None])[0]  # [height * width, 2]
        inside = ((places >= 0) & (places < 1)).all(-1)
        column, row = (places * side).long().clamp(0, side - 1).unbind(-1)
        mask = answers[i, row, column].masked_fill(~inside, IGNORE).view(height, width)
        masks.append(mask.byte().cpu().numpy() if width else None)
    return masks


def centres(rows: int, columns: int, device: torch.device) -> Tensor:
    """Centres (x, y) of the cells of a grid, row by row, in shares of its sides. [rows * columns, 2]"""
    down = (torch.arange(rows, device=device) + 0.5) / rows
    across = (torch.arange(columns, device=device) + 0.5) / columns
    y, x = torch.meshgrid(down, across, indexing="ij")
    return torch.stack([x, y], -1).flatten(0, 1)
