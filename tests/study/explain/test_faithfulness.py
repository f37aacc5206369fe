from __future__ import annotations

import pytest
import torch

from mmexp.study.explain.faithfulness import areas, gains


def test_the_areas_are_those_of_the_curves(additive):
    """Against the curves computed part by part."""
    question, weights = additive
    order = weights.argsort(descending=True)
    found = areas(question, [order])
    counts = torch.linspace(0, question.size, 21).round().long().tolist()
    full = float(weights.sum()) + 0.5
    curve = [full - float(weights[order[:count]].sum()) for count in counts]
    parts = zip(counts, counts[1:], curve, curve[1:], strict=False)
    wanted = sum((b - a) / question.size * (x + y) / 2 for a, b, x, y in parts)
    assert found["deletion"][0] == pytest.approx(wanted, rel=1e-4)
    assert found["insertion"][0] == pytest.approx(sum([0.0]) + full + 0.5 - wanted, rel=1e-4)


def test_the_right_order_is_better_than_random_and_the_reverse_is_worse(additive):
    question, weights = additive
    found = gains(question, {"right": weights, "wrong": -weights, "none": torch.zeros(question.size)})
    assert found["right"]["deletion_gain"] > 0 > found["wrong"]["deletion_gain"]
    assert found["right"]["insertion_gain"] > 0 > found["wrong"]["insertion_gain"]
    one = found["right"]
    assert one["deletion_gain"] == pytest.approx(one["random_deletion"] - one["deletion"])
