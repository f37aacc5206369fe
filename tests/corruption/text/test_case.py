from __future__ import annotations

import numpy as np

from mmexp.corruption.text.case import corrupt


def test_a_share_of_the_words_is_in_capitals():
    found = corrupt("ab " * 1000, 0.4, np.random.default_rng(0)).split()
    assert set(found) == {"ab", "AB"} and 350 < found.count("AB") < 450
    assert corrupt("ab c", 1.0, np.random.default_rng(0)) == "AB C"
