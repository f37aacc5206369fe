"""Pictures to uint8 tensors of one size, with gentle variations while training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mmexp.contract import Padded
from mmexp.transform.base import Transform, stack


class ImageTransform(Transform):
    """Resize to a square; while training flip, crop, turn and shade at random.

    Args:
        image_size: Side of the square, in pixels.
        resize: ``crop`` keeps the aspect ratio and cuts the longer side's ends; ``squash`` keeps the whole picture.
        flip: Probability of a mirror image; leave 0 where left and right matter.
        crop: Smallest share of the area a random crop keeps, in (0, 1]; 1 never crops.
        rotate: Largest turn either way, in degrees.
        shift: Largest move along each axis, as a share of the side.
        jitter: Largest relative change of brightness and contrast.

    Shape:
        uint8 [H, W, 3] -> uint8 [3, image_size, image_size].

    Raises:
        ValueError: If image_size < 1 or crop is outside (0, 1].
    """

    def __init__(
        self,
        *,
        image_size: int = 64,
        resize: Literal["crop", "squash"] = "crop",
        flip: float = 0.0,
        crop: float = 1.0,
        rotate: float = 0.0,
        shift: float = 0.0,
        jitter: float = 0.0,
    ) -> None:
        if image_size < 1:
            raise ValueError(f"ImageTransform: image_size must be at least 1, got {image_size}.")
        if not 0 < crop <= 1:
            raise ValueError(f"ImageTransform: crop must be in (0, 1], got {crop}.")
        if resize not in ("crop", "squash"):
            raise ValueError(f"ImageTransform: resize must be crop or squash, got {resize!r}.")
        self.image_size, self.resize = image_size, resize
        self.flip, self.crop, self.rotate, self.shift, self.jitter = flip, crop, rotate, shift, jitter

    def prepare(self, raw: np.ndarray) -> Image.Image:
        """Resize so that what augment needs is still there: the whole square, once."""
        height, width = raw.shape[:2]
        image = Image.fromarray(raw)
        side = min(height, width)
        box = (0, 0, width, height)
        if self.resize == "crop":
            left, top = (width - side) // 2, (height - side) // 2
            box = (left, top, left + side, top + side)
        if (height, width) == (self.image_size, self.image_size):
            return image
        return image.resize((self.image_size, self.image_size), Image.Resampling.BILINEAR, box, reducing_gap=2.0)

    def augment(self, prepared: Image.Image, generator: np.random.Generator) -> Image.Image:
        image = prepared
        size = self.image_size
        if self.rotate or self.shift:
            turn = float(generator.uniform(-self.rotate, self.rotate))
            move = (generator.uniform(-self.shift, self.shift, 2) * size).tolist()
            image = image.rotate(turn, Image.Resampling.BILINEAR, translate=tuple(move))
        if self.crop < 1:
            share, ratio = generator.uniform(self.crop, 1), np.exp(generator.uniform(-0.2, 0.2))
            width = min(1.0, float(np.sqrt(share * ratio))) * size
            height = min(1.0, float(np.sqrt(share / ratio))) * size
            left, top = generator.uniform(0, size - width), generator.uniform(0, size - height)
            image = image.resize((size, size), Image.Resampling.BILINEAR, (left, top, left + width, top + height))
        if self.flip and generator.random() < self.flip:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if self.jitter:
            gain, contrast = generator.uniform(1 - self.jitter, 1 + self.jitter, 2)
            table = ((np.arange(256) - 128) * contrast + 128) * gain
            image = image.point(np.clip(table, 0, 255).astype(int).tolist() * 3)
        return image

    def collate(self, items: Sequence[Image.Image | None]) -> Padded:
        blank = torch.zeros(3, self.image_size, self.image_size, dtype=torch.uint8)
        return stack([None if item is None else _tensor(item) for item in items], blank)


def _tensor(image: Image.Image) -> Tensor:
    """[3, H, W] in channels-last memory."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)
