from __future__ import annotations

import numpy as np

from mmexp.corruption.text.word_drop import corrupt


def test_a_share_of_the_words_is_lost_in_each_text():
    one, other = corrupt(["a b " * 500] * 2, 0.3, np.random.default_rng(0))
    assert 650 < len(one.split()) < 750 and one != other
