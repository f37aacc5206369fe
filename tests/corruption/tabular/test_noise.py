from __future__ import annotations

import numpy as np
import pytest

from mmexp.corruption.tabular.noise import corrupt


def test_numbers_are_scaled_and_categories_stay():
    row = {**{str(i): 10.0 for i in range(1000)}, "name": "ann"}
    found = corrupt(row, 0.1, np.random.default_rng(0))
    numbers = [value for value in found.values() if value != "ann"]
    assert found["name"] == "ann" and list(found) == list(row)
    assert np.std(numbers) == pytest.approx(1.0, rel=0.1) and np.mean(numbers) == pytest.approx(10, abs=0.2)
