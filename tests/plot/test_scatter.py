from __future__ import annotations

import numpy as np

from mmexp.plot.scatter import scatter


def test_each_sample_is_a_point_and_the_title_tells_the_error():
    (axes,) = scatter([0, 1, 2], [0.5, 1, 2.5]).axes
    np.testing.assert_allclose(axes.collections[0].get_offsets(), [[0, 0.5], [1, 1], [2, 2.5]])
    assert axes.get_title() == "n=3, mean absolute error 0.333"
