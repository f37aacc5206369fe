from __future__ import annotations

import numpy as np

from mmexp.study.explain.bars import MOST, bars


def test_the_largest_are_shown_first_either_way_and_escaped():
    shown = bars(["a", "<b>", "c"], np.array([0.5, -2.0, 1.0]), "x")
    assert shown.index("&lt;b&gt;") < shown.index(">c<") < shown.index(">a<")
    assert shown.count('class="against"') == 1 and shown.count('class="for"') == 2
    assert bars([str(i) for i in range(99)], np.ones(99), "x").count("<rect") == MOST
