from __future__ import annotations

import numpy as np

from mmexp.corruption.text.typos import corrupt


def test_a_share_of_the_words_is_misspelled():
    words = ["umbrella"] * 1000
    found = corrupt(" ".join(words), 0.3, np.random.default_rng(0)).split()
    assert len(found) == 1000 and 250 < sum(word != "umbrella" for word in found) < 350
