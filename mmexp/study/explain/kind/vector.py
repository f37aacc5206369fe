"""Vectors by their numbers, which become zero; sequences of vectors by their steps, which are masked."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mmexp.analysis.report.html import Html
from mmexp.contract import Padded
from mmexp.study.explain.bars import bars
from mmexp.study.explain.parts import Parts
from mmexp.transform.vector import VectorTransform

TRANSFORMS = (VectorTransform,)
CONTINUOUS = True


def divide(inputs: Padded, transform: Any) -> Parts:
    """Return the numbers of a vector, or the steps of a sequence."""
    places = torch.arange(inputs.values.shape[1], device=inputs.values.device)
    if inputs.mask.ndim == 1:
        return Parts(places, [f"number {i + 1}" for i in range(len(places))], torch.zeros_like(inputs.values[0]))
    return Parts(torch.where(inputs.mask[0], places, -1), [f"step {i + 1}" for i in range(int(inputs.mask[0].sum()))])


def draw(parts: Parts, values: np.ndarray, inputs: Padded, sample: Any, title: str) -> Html:
    """Show a bar for each."""
    return bars(parts.names, values, title)
