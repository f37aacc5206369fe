from __future__ import annotations

import numpy as np
import pytest

from mmexp.corruption.image.occlusion import GREY, corrupt


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_a_grey_rectangle_covers_its_share(share: float):
    found = corrupt(np.zeros((100, 50, 3), np.uint8), share, np.random.default_rng(0))
    covered = (found == GREY).all(-1)
    rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
    assert covered.mean() == pytest.approx(share, abs=0.02)
    assert covered[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
