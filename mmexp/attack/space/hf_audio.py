"""Waveforms as the feature extractor of a pretrained model scales them; its spectrograms are left alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmexp.attack.space import audio
from mmexp.attack.space.audio import LEVELS, UNIT
from mmexp.attack.space.base import Space
from mmexp.contract import Padded
from mmexp.transform.base import Transform
from mmexp.transform.hf_audio import HfAudioTransform

__all__ = ["LEVELS", "TRANSFORMS", "UNIT", "space"]

TRANSFORMS: tuple[type[Transform], ...] = (HfAudioTransform,)


def space(inputs: Padded, transform: Any, facts: Mapping[str, Any]) -> Space:
    """Return the samples of each recording, within the range that it has itself. float [B, L]

    A spectrogram is no input of the model that a sound could be made for, so nothing of it may change. float [B, ...]
    """
    values = inputs.values.float()
    if inputs.mask.ndim == 1:
        return Space(values, values.new_tensor(0.0), values, values)
    low, high = values.amin(1, keepdim=True), values.amax(1, keepdim=True)
    return Space(values, audio.space(inputs, transform, facts).unit, low, high)
