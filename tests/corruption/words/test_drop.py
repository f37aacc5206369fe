from __future__ import annotations

import numpy as np

from mmexp.corruption.words.drop import corrupt


def test_words_that_follow_on_one_another_are_lost():
    assert corrupt(["a", "b", "c", "d"], 0.5, np.random.default_rng(0)) in (["c", "d"], ["a", "d"], ["a", "b"])
