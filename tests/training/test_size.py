from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mmexp.contract import Waveform
from mmexp.training.size import LEAST, size_of


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (np.zeros((4, 5, 3), np.uint8), 60),
        (torch.zeros(3, 2), 24),
        (Image.new("RGB", (4, 5)), 60),
        (Waveform(np.zeros(10, np.float32), 8000), 40),
        ("a red cube", LEAST + 10),
        (7, LEAST),
        ([np.zeros(2), np.zeros(2)], LEAST + 32),
        ({"x": np.zeros(2), "y": 1.0}, 2 * LEAST + 16),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_takes_as_much_memory_as_the_arrays_in_it(value: Any, size: int):
    assert size_of(value) == size
