"""Images and videos: pixels from 0 to 255, which need not stay whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexp.attack.space.base import Space, real
from mmexp.contract import Padded
from mmexp.transform.base import Transform
from mmexp.transform.image import ImageTransform
from mmexp.transform.video import VideoTransform

TRANSFORMS: tuple[type[Transform], ...] = (ImageTransform, VideoTransform)
LEVELS = (1.0, 2.0, 4.0, 8.0, 16.0)
UNIT = "of 255, full brightness, in pixels as the encoder reads them"


def space(inputs: Padded, transform: Any, facts: Mapping[str, Any]) -> Space:
    """Return all pixels of the images that are there."""
    values = inputs.values.float()
    return Space(values, real(values, inputs.mask).float(), values.new_tensor(0.0), values.new_tensor(255.0))
