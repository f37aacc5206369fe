"""Audio in segments of time; one that is taken away is silent."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from mmexp.analysis.report.html import Html, tag
from mmexp.contract import Padded
from mmexp.study.explain.data_url import data_url
from mmexp.study.explain.parts import Parts
from mmexp.transform.audio import AudioTransform

TRANSFORMS = (AudioTransform,)
CONTINUOUS = True
SEGMENTS = 16
_WIDE, _HIGH, _WINDOW = 512, 128, 256


def divide(inputs: Padded, transform: Any) -> Parts:
    """Return segments of equal length."""
    length = int(inputs.mask[0].sum())
    place = torch.arange(inputs.values.shape[1], device=inputs.values.device) * SEGMENTS // max(length, 1)
    seconds = length / transform.sample_rate / SEGMENTS
    names = [f"{i * seconds:.2f} to {(i + 1) * seconds:.2f} s" for i in range(SEGMENTS)]
    return Parts(torch.where(inputs.mask[0], place, -1), names, torch.zeros_like(inputs.values[0]))


def heat_map(parts: Parts, values: np.ndarray, inputs: Padded) -> Image.Image:
    """Return the spectrogram, red where a segment speaks for the answer and blue where it speaks against it."""
    samples = inputs.values[0][inputs.mask[0]].float().cpu()
    spectrum = torch.stft(
        samples, _WINDOW, _WINDOW // 4, window=torch.hann_window(_WINDOW), pad_mode="constant", return_complex=True
    )
    loud = np.log(spectrum.abs().numpy() + 1e-4)[::-1]
    grey = (loud - loud.min()) / (float(np.ptp(loud)) or 1.0) * 255
    picture = np.asarray(Image.fromarray(grey.astype(np.uint8)).convert("RGB").resize((_WIDE, _HIGH)), float)
    heat = (values / (float(np.abs(values).max()) or 1.0))[np.arange(_WIDE) * len(values) // _WIDE][None, :, None]
    colour = np.where(heat > 0, [220.0, 30.0, 30.0], [30.0, 80.0, 220.0])
    share = 0.6 * np.abs(heat)
    return Image.fromarray((picture * (1 - share) + colour * share).round().astype(np.uint8))


def draw(parts: Parts, values: np.ndarray, inputs: Padded, sample: Any, title: str) -> Html:
    """Show the spectrogram, red where a segment speaks for the answer and blue where it speaks against it."""
    return tag("img", src=data_url(heat_map(parts, values, inputs)), alt=title, class_="wide")
