"""Rows of a table: its numbers, which the transform has standardised; categories stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from mmexp.attack.space.base import Space
from mmexp.attack.space.vector import LEVELS
from mmexp.contract import Padded
from mmexp.transform.base import Transform
from mmexp.transform.tabular import TabularTransform

__all__ = ["LEVELS", "TRANSFORMS", "UNIT", "space"]

TRANSFORMS: tuple[type[Transform], ...] = (TabularTransform,)
UNIT = "standard deviations of each column of numbers over the training split; categories are not attacked"


def space(inputs: Padded, transform: Any, facts: Mapping[str, Any]) -> Space:
    """Return the numbers that each row has. float [B, C]"""
    values = inputs.values.float()
    numbers = values.new_tensor([column.numbers is None for column in transform.columns])
    return Space(values, numbers * inputs.mask, values.new_tensor(-inf), values.new_tensor(inf))
