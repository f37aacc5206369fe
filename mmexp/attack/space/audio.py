"""Audio: samples of a waveform from -1 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from mmexp.attack.space.base import Space
from mmexp.contract import Padded
from mmexp.transform.audio import AudioTransform
from mmexp.transform.base import Transform

TRANSFORMS: tuple[type[Transform], ...] = (AudioTransform,)
LEVELS = (0.01, 0.02, 0.05, 0.1, 0.2)
UNIT = "of the root mean square of each recording"


def space(inputs: Padded, transform: Any, facts: Mapping[str, Any]) -> Space:
    """Return the samples of each recording; padding stays as it is. float [B, L]"""
    values = inputs.values.float()
    power = (values.square() * inputs.mask).sum(1, keepdim=True) / inputs.mask.sum(1, keepdim=True).clamp(min=1)
    return Space(values, torch.sqrt(power) * inputs.mask, values.new_tensor(-1.0), values.new_tensor(1.0))
