"""A task that takes mixed labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from mmexp.pool.mean import MeanPool
from mmexp.task.classification import Classification


@pytest.fixture
def make_classification() -> Callable[[Sequence[str]], Classification]:
    return lambda classes: Classification(pool=MeanPool(), dim=4, classes=classes, target="label")
