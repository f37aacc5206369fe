from __future__ import annotations

import numpy as np
import pytest

from mmexp.corruption.vector.missing import corrupt


def test_a_share_of_the_numbers_is_zero_and_the_others_stay():
    found = corrupt(np.full(1000, 4.0, np.float32), 0.25, np.random.default_rng(0))
    assert (found == 0).mean() == pytest.approx(0.25, abs=0.05) and set(found.tolist()) == {0.0, 4.0}
