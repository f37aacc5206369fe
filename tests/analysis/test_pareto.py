from __future__ import annotations

import pytest

from mmexp.analysis.pareto import front


@pytest.mark.parametrize(
    ("costs", "values", "mode", "found"),
    [
        ([1, 2, 3], [0.5, 0.9, 0.8], "max", [0, 1]),
        ([1, 2, 3], [0.5, 0.9, 0.8], "min", [0]),
        ([3, 1, 2], [0.1, 0.5, 0.3], "min", [1, 2, 0]),
        ([1, 1], [0.5, 0.6], "max", [1]),
        ([1, 2], [0.5, 0.5], "max", [0]),
        ([], [], "max", []),
    ],
)
def test_on_the_front_is_what_none_beats_in_both(costs, values, mode, found):
    assert front(costs, values, mode) == found
