from __future__ import annotations

import pytest

from mmexp.analysis.scale import spans_decades


@pytest.mark.parametrize(
    ("values", "spans"), [([1.0, 20.0], True), ([1.0, 2.0], False), ([0.0, 20.0], False), ([-5.0, 90.0], False)]
)
def test_only_positive_values_far_apart_are_drawn_by_their_ratios(values, spans):
    assert spans_decades(values) is spans
