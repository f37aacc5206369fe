"""Pictures to uint8 tensors of one size, with gentle variations while training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from PIL import Image, ImageEnhance
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
        zoom: Largest relative change of scale, larger or smaller.
        jitter: Largest relative change of brightness, contrast and saturation.

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
        zoom: float = 0.0,
        jitter: float = 0.0,
    ) -> None:
        if image_size < 1:
            raise ValueError(f"ImageTransform: image_size must be at least 1, got {image_size}.")
        if not 0 < crop <= 1:
            raise ValueError(f"ImageTransform: crop must be in (0, 1], got {crop}.")
        if resize not in ("crop", "squash"):
            raise ValueError(f"ImageTransform: resize must be crop or squash, got {resize!r}.")
        self.image_size, self.resize = image_size, resize
        self.flip, self.crop, self.jitter = flip, crop, jitter
        self.rotate, self.shift, self.zoom = rotate, shift, zoom

    def prepare(self, raw: np.ndarray) -> Image.Image:
        """Shrink as far as no random crop would miss a pixel."""
        height, width = raw.shape[:2]
        image = Image.fromarray(raw)
        box = (0, 0, width, height)
        if self.resize == "crop":
            side = min(height, width)
            left, top = (width - side) // 2, (height - side) // 2
            box = (left, top, left + side, top + side)
        wanted = round(self.image_size / self.crop**0.5)
        side = max(self.image_size, min(wanted, box[2] - box[0], box[3] - box[1]))
        if (height, width) == (side, side):
            return image
        return image.resize((side, side), Image.Resampling.BILINEAR, box, reducing_gap=2.0)

    def augment(self, prepared: Image.Image, generator: np.random.Generator) -> Image.Image:
        image = prepared
        if self.crop < 1:
            share, ratio = generator.uniform(self.crop, 1), np.exp(generator.uniform(-0.2, 0.2))
            width = min(1.0, float(np.sqrt(share * ratio))) * image.width
            height = min(1.0, float(np.sqrt(share / ratio))) * image.height
            left, top = generator.uniform(0, image.width - width), generator.uniform(0, image.height - height)
            image = self.fit(image, (left, top, left + width, top + height))
        if self.rotate or self.shift or self.zoom:
            image = self.move(self.fit(image), generator)
        if self.flip and generator.random() < self.flip:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if self.jitter:
            image = self.shade(image, generator)
        return image

    def fit(self, image: Image.Image, box: tuple[float, float, float, float] | None = None) -> Image.Image:
        """Resize, or cut out a box and resize it, to the final size."""
        size = (self.image_size, self.image_size)
        return image if image.size == size and box is None else image.resize(size, Image.Resampling.BILINEAR, box)

    def shade(self, image: Image.Image, generator: np.random.Generator) -> Image.Image:
        """Vary saturation, contrast and brightness."""
        colour, contrast, light = generator.uniform(1 - self.jitter, 1 + self.jitter, 3)
        image = ImageEnhance.Color(image).enhance(colour)
        table = ((np.arange(256) - 128) * contrast + 128) * light
        return image.point(np.clip(table, 0, 255).astype(int).tolist() * 3)

    def move(self, image: Image.Image, generator: np.random.Generator) -> Image.Image:
        """Turn, scale and shift about the centre, in one resampling; what comes in from outside is black."""
        angle = np.deg2rad(generator.uniform(-self.rotate, self.rotate))
        shrink = np.exp(generator.uniform(-1, 1) * np.log1p(self.zoom))
        across, down = np.cos(angle) * shrink, np.sin(angle) * shrink
        centre = self.image_size / 2
        right, below = centre + generator.uniform(-self.shift, self.shift, 2) * self.image_size
        first = (across, down, centre - across * right - down * below)
        second = (-down, across, centre + down * right - across * below)
        return image.transform(image.size, Image.Transform.AFFINE, (*first, *second), Image.Resampling.BILINEAR)

    def collate(self, items: Sequence[Image.Image | None]) -> Padded:
        blank = torch.zeros(3, self.image_size, self.image_size, dtype=torch.uint8)
        return stack([None if item is None else _tensor(self.fit(item)) for item in items], blank)


def _tensor(image: Image.Image) -> Tensor:
    """[3, H, W] in channels-last memory."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)
