"""Videos to a fixed number of frames, each through the transform of an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from mmexp.contract import Padded
from mmexp.transform.base import Transform, pad
from mmexp.transform.image import ImageTransform


class VideoTransform(Transform):
    """Take frames at equal distances, and augment all frames of a video in the same way.

    Source: Wang et al. 2016, "Temporal Segment Networks", https://arxiv.org/abs/1608.00859, sec. 3.1. Differs: the
    middle of each segment, also while training.

    Args:
        image: What is done to each frame.
        num_frames: Frames T of a video at most; a shorter one keeps all of its own.

    Shape:
        uint8 [T, H, W, 3] -> uint8 [min(T, num_frames), 3, image_size, image_size].

    Raises:
        ValueError: If num_frames < 1.
    """

    def __init__(self, *, image: ImageTransform, num_frames: int = 8) -> None:
        if num_frames < 1:
            raise ValueError(f"VideoTransform: num_frames must be at least 1, got {num_frames}.")
        self.image, self.num_frames = image, num_frames

    def prepare(self, raw: np.ndarray) -> list[Image.Image]:
        count = min(len(raw), self.num_frames)
        middles = ((np.arange(count) + 0.5) * len(raw) / count).astype(int)
        return [self.image.prepare(frame) for frame in raw[middles]]

    @property
    def packages(self) -> Sequence[str]:  # type: ignore[override]
        return self.image.packages

    @property
    def is_random(self) -> bool:
        return self.image.is_random

    def augment(self, prepared: list[Image.Image], generator: np.random.Generator) -> list[Image.Image]:
        seed = int(generator.integers(2**63))
        return [self.image.augment(frame, np.random.default_rng(seed)) for frame in prepared]

    def collate(self, items: Sequence[list[Image.Image] | None]) -> Padded:
        videos = [None if item is None else self.image.collate(item).values for item in items]
        blank = torch.zeros(0, 3, self.image.image_size, self.image.image_size, dtype=torch.uint8)
        return pad([blank if video is None else video for video in videos], width=tuple(blank.shape[1:]))
