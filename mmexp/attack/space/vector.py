"""Vectors and sequences of them: any numbers."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from mmexp.attack.space.base import Space, real
from mmexp.contract import Padded
from mmexp.transform.base import Transform
from mmexp.transform.vector import VectorTransform

TRANSFORMS: tuple[type[Transform], ...] = (VectorTransform,)
LEVELS = (0.02, 0.05, 0.1, 0.2, 0.4)
UNIT = "standard deviations of each number over the training split"


def space(inputs: Padded, transform: Any, facts: Mapping[str, Any]) -> Space:
    """Return the numbers of each vector; its transform may have divided them by the deviations. float [B, ..., F]

    Raises:
        ValueError: If the facts hold no deviations.
    """
    if "std" not in facts:
        raise ValueError("the data does not say its std over the training split")
    values = inputs.values.float()
    unit = values.new_tensor(np.asarray(facts["std"], np.float32) / transform.std) * real(values, inputs.mask)
    return Space(values, unit, values.new_tensor(-inf), values.new_tensor(inf))
