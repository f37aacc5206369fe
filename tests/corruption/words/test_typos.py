from __future__ import annotations

import numpy as np

from mmexp.corruption.words.typos import corrupt


def test_a_share_of_the_words_is_misspelled():
    found = corrupt(["umbrella"] * 1000, 0.3, np.random.default_rng(0))
    assert len(found) == 1000 and 250 < sum(word != "umbrella" for word in found) < 350
