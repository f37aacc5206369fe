from __future__ import annotations

import numpy as np

from mmexp.corruption.vector.drop import corrupt


def test_steps_that_follow_on_one_another_are_zero():
    found = corrupt(np.ones((8, 2), np.float32), 0.25, np.random.default_rng(0))
    lost = np.flatnonzero((found == 0).all(1))
    assert len(lost) == 2 and lost[1] == lost[0] + 1 and found.sum() == 12
    assert corrupt(np.ones(4, np.float32), 0.5, np.random.default_rng(0)).sum() == 2
