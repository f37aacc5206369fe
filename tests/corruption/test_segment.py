from __future__ import annotations

import numpy as np
import pytest

from mmexp.corruption.segment import segment


@pytest.mark.parametrize(("length", "share", "size"), [(8, 0.25, 2), (8, 1, 8), (8, 0, 0), (1, 0.7, 1), (0, 0.5, 0)])
def test_a_segment_has_its_share_and_lies_within(length: int, share: float, size: int):
    for seed in range(20):
        found = segment(length, share, np.random.default_rng(seed))
        assert found.stop - found.start == size and found.start >= 0 and found.stop <= length


def test_it_may_lie_anywhere():
    generator = np.random.default_rng(0)
    assert {segment(4, 0.25, generator).start for _ in range(100)} == {0, 1, 2, 3}
