from __future__ import annotations

import numpy as np

from mmexp.corruption.letters import misspell


def test_a_word_gets_one_error_of_each_way():
    generator = np.random.default_rng(0)
    found = {misspell("abc", generator) for _ in range(3000)}
    assert {"bac", "acb", "bc", "ac", "ab", "xbc"} <= found
    assert all(2 <= len(word) <= 3 for word in found)
    assert all(len(misspell("a", generator)) == 1 for _ in range(20))
