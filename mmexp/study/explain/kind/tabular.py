"""Rows of a table by their columns; one that is taken away is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mmexp.analysis.report.html import Html
from mmexp.contract import Padded
from mmexp.study.explain.bars import bars
from mmexp.study.explain.parts import Parts
from mmexp.transform.tabular import TabularTransform

TRANSFORMS = (TabularTransform,)
CONTINUOUS = False


def divide(inputs: Padded, transform: Any) -> Parts:
    """Return the columns that the row has."""
    known = inputs.mask[0]
    names = [column.name for column, there in zip(transform.columns, known.tolist(), strict=True) if there]
    return Parts(torch.where(known, known.cumsum(0) - 1, -1), names)


def draw(parts: Parts, values: np.ndarray, inputs: Padded, sample: Any, title: str) -> Html:
    """Show a bar for each column, with its value."""
    raw = sample if isinstance(sample, dict) else {}
    return bars([f"{name} = {raw[name]}" if name in raw else name for name in parts.names], values, title)
