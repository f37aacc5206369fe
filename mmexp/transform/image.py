"""Images to uint8 tensors of one size, with gentle variations while training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from PIL import Image, ImageEnhance
from torch import Tensor

from mmexp.transform.base import Transform, stack
from mmexp.transform.view import Images, View

MIRROR = np.array([[-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])


class ImageTransform(Transform):
    """Resize to a square; while training flip, crop, turn and shade at random.

    A batch states, as ``Images``, which part of each image is seen.

    Args:
        image_size: Side of the square, in pixels.
        resize: ``crop`` keeps the aspect ratio and cuts the longer side's ends; ``squash`` keeps the whole image.
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

    packages = ("pillow",)

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
        view = View.whole(width, height).within(_cut(box, image.size))
        if (height, width) != (side, side):
            image = image.resize((side, side), Image.Resampling.BILINEAR, box, reducing_gap=2.0)
        return view.carried_by(image)

    @property
    def is_random(self) -> bool:
        varied = self.flip, self.jitter, self.rotate, self.shift, self.zoom
        return self.crop < 1 or any(varied)

    def augment(self, prepared: Image.Image, generator: np.random.Generator) -> Image.Image:
        image, view = prepared, View.of(prepared)
        if self.crop < 1:
            share, ratio = generator.uniform(self.crop, 1), np.exp(generator.uniform(-0.2, 0.2))
            width = min(1.0, float(np.sqrt(share * ratio))) * image.width
            height = min(1.0, float(np.sqrt(share / ratio))) * image.height
            left, top = generator.uniform(0, image.width - width), generator.uniform(0, image.height - height)
            box = (left, top, left + width, top + height)
            image, view = self.fit(image, box), view.within(_cut(box, image.size))
        if self.rotate or self.shift or self.zoom:
            motion = self.motion(generator)
            image, view = self.move(self.fit(image), motion), view.within(motion)
        if self.flip and generator.random() < self.flip:
            image, view = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), view.within(MIRROR)
        if self.jitter:
            image = self.shade(image, generator)
        return view.carried_by(image)

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

    def motion(self, generator: np.random.Generator) -> np.ndarray:
        """Draw a turn, scaling and shift about the centre: where each point comes from, in shares. [2, 3]"""
        angle = np.deg2rad(generator.uniform(-self.rotate, self.rotate))
        shrink = np.exp(generator.uniform(-1, 1) * np.log1p(self.zoom))
        across, down = np.cos(angle) * shrink, np.sin(angle) * shrink
        right, below = 0.5 + generator.uniform(-self.shift, self.shift, 2)
        first = (across, down, 0.5 - across * right - down * below)
        second = (-down, across, 0.5 + down * right - across * below)
        return np.array([first, second])

    def move(self, image: Image.Image, motion: np.ndarray) -> Image.Image:
        """Move in one resampling; what comes in from outside is black."""
        data = (motion * (1, 1, self.image_size)).ravel().tolist()
        return image.transform(image.size, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)

    def collate(self, items: Sequence[Image.Image | None]) -> Images:
        blank = torch.zeros(3, self.image_size, self.image_size, dtype=torch.uint8)
        pixels = stack([None if item is None else _tensor(self.fit(item)) for item in items], blank)
        return Images.seen(pixels, [None if item is None else View.of(item) for item in items])


def _cut(box: tuple[float, float, float, float], size: tuple[int, int]) -> np.ndarray:
    """Where the points of a box of an image come from, in shares. [2, 3]"""
    (left, top, right, bottom), (width, height) = box, size
    return np.array([[(right - left) / width, 0, left / width], [0, (bottom - top) / height, top / height]])


def _tensor(image: Image.Image) -> Tensor:
    """[3, H, W] in channels-last memory."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)
