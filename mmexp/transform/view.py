"""Which part of a picture an encoder sees, so that masks and boxes of the whole picture can be found in it."""

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
    """The place in a picture of every point that is seen of it.

    Args:
        matrix: Takes a point (x, y, 1) of what is seen, in shares of its sides, to pixels of the picture. [2, 3]
        width: Of the whole picture, in pixels.
        height: Of the whole picture, in pixels.
    """

    matrix: np.ndarray
    width: int
    height: int

    @staticmethod
    def whole(width: int, height: int) -> View:
        """All of a picture."""
        return View(np.array([[width, 0.0, 0.0], [0.0, height, 0.0]]), width, height)

    @staticmethod
    def of(image: Image.Image) -> View:
        """The view that an image carries; without one, it is taken for a whole picture."""
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
class Pictures(Padded):
    """Pictures of a batch, with what each shows of the one it was made from.

    Args:
        values: uint8. [B, 3, H, W]
        mask: Which rows have a picture. [B]
        matrices: Of the views. [B, 2, 3]
        sizes: Width and height of the whole pictures, in pixels; zero where there is none. [B, 2]
    """

    matrices: Tensor
    sizes: Tensor

    @staticmethod
    def of(padded: Padded) -> Pictures:
        """The same; plain values are taken for whole pictures."""
        if isinstance(padded, Pictures):
            return padded
        height, width = padded.values.shape[-2:]
        return Pictures.seen(padded, [View.whole(width, height) if there else None for there in padded.mask.tolist()])

    @staticmethod
    def seen(padded: Padded, views: Sequence[View | None]) -> Pictures:
        """Add the views of B pictures, None where there is none."""
        blank = View.whole(1, 1).matrix
        matrices = np.stack([blank if view is None else view.matrix for view in views])
        sizes = [(0, 0) if view is None else (view.width, view.height) for view in views]
        device = padded.values.device
        seen = torch.tensor(matrices, dtype=torch.float32, device=device)
        return Pictures(padded.values, padded.mask, seen, torch.tensor(sizes, dtype=torch.float32, device=device))

    def row(self, i: int) -> Pictures:
        """Picture i alone."""
        parts = (part[i, None] for part in (self.values, self.mask, self.matrices, self.sizes))
        return Pictures(*parts)

    def to_picture(self, points: Tensor) -> Tensor:
        """Points of what is seen, in shares, to pixels of the whole picture. [B, P, 2] -> [B, P, 2]"""
        return points @ self.matrices[..., :2].mT + self.matrices[:, None, :, 2]

    def to_view(self, points: Tensor) -> Tensor:
        """Pixels of the whole picture to points of what is seen, in shares. [B, P, 2] -> [B, P, 2]"""
        back: Tensor = torch.linalg.inv(self.matrices[..., :2])  # [B, 2, 2]
        return (points - self.matrices[:, None, :, 2]) @ back.mT
