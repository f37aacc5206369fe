from __future__ import annotations

import numpy as np

from mmexp.corruption.text.drop import corrupt


def test_words_that_follow_on_one_another_are_lost():
    found = corrupt("a b c d", 0.5, np.random.default_rng(0))
    assert found in ("c d", "a d", "a b")
    assert corrupt("a b", 1.0, np.random.default_rng(0)) == corrupt("", 0.5, np.random.default_rng(0)) == ""
