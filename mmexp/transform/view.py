"""Which part of an image an encoder sees, so that masks and boxes of the whole image can be found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mmexp.contract import Padded


@dataclass(frozen=True)
class View:
    """Map every point that a model sees of an image to its position in it.

    Args:
        matrix: Takes a point (x, y, 1) of what is seen, in shares of its sides, to pixels of the image. [2, 3]
        width: Of the whole image, in pixels.
        height: Of the whole image, in pixels.
    """

    matrix: np.ndarray
    width: int
    height: int

    @staticmethod
    def whole(width: int, height: int) -> View:
        """All of an image."""
        return View(np.array([[width, 0.0, 0.0], [0.0, height, 0.0]]), width, height)

    @staticmethod
    def of(image: Image.Image) -> View:
        """The view that an image carries; without one, it is taken for a whole image."""
        known: View | None = image.info.get("view")
        return known or View.whole(*image.size)

    def carried_by(self, image: Image.Image) -> Image.Image:
        """Note on an image that it shows this view."""
        image.info["view"] = self
        return image

    def within(self, inner: np.ndarray) -> View:
        """The part of this view where ``inner`` [2, 3] takes the points of what is seen in the end, all in shares."""
        return View(self.matrix @ np.vstack([inner, [0, 0, 1]]), self.width, self.height)


@dataclass(frozen=True)
class Images(Padded):
    """Images of a batch, with the view that each shows of the one it was made from.

    Args:
        values: uint8. [B, 3, H, W]
        mask: Which rows have an image. [B]
        matrices: Of the views. [B, 2, 3]
        sizes: Width and height of the whole images, in pixels; zero where there is none. [B, 2]
    """

    matrices: Tensor
    sizes: Tensor

    @staticmethod
    def of(padded: Padded) -> Images:
        """Return images as they are; plain values are taken for whole images."""
        if isinstance(padded, Images):
            return padded
        height, width = padded.values.shape[-2:]
        return Images.seen(padded, [View.whole(width, height) if there else None for there in padded.mask.tolist()])

    @staticmethod
    def seen(padded: Padded, views: Sequence[View | None]) -> Images:
        """Add the views of B images, None where there is none."""
        blank = View.whole(1, 1).matrix
        matrices = np.stack([blank if view is None else view.matrix for view in views])
        sizes = [(0, 0) if view is None else (view.width, view.height) for view in views]
        device = padded.values.device
        seen = torch.tensor(matrices, dtype=torch.float32, device=device)
        return Images(padded.values, padded.mask, seen, torch.tensor(sizes, dtype=torch.float32, device=device))

    def row(self, i: int) -> Images:
        """Image i alone."""
        parts = (part[i, None] for part in (self.values, self.mask, self.matrices, self.sizes))
        return Images(*parts)

    def to_image(self, points: Tensor) -> Tensor:
        """Points of what is seen, in shares, to pixels of the whole image. [B, P, 2] -> [B, P, 2]"""
        return points @ self.matrices[..., :2].mT + self.matrices[:, None, :, 2]

    def to_view(self, points: Tensor) -> Tensor:
        """Pixels of the whole image to points of what is seen, in shares. [B, P, 2] -> [B, P, 2]"""
        back: Tensor = torch.linalg.inv(self.matrices[..., :2])  # [B, 2, 2]
        return (points - self.matrices[:, None, :, 2]) @ back.mT
