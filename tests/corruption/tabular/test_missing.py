from __future__ import annotations

import numpy as np

from mmexp.corruption.tabular.missing import corrupt


def test_a_share_of_the_cells_is_left_out():
    row = {str(i): i for i in range(1000)}
    found = corrupt(row, 0.25, np.random.default_rng(0))
    assert 700 < len(found) < 800 and found.items() <= row.items()
