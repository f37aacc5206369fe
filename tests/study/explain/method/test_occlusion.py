from __future__ import annotations

import pytest

from mmexp.study.explain.method.occlusion import attribute


def test_of_a_sum_over_the_parts_it_returns_the_terms(additive):
    question, weights = additive
    found = attribute(question)
    assert found.shape == (question.size,)
    assert found.tolist() == pytest.approx(weights.tolist(), abs=1e-4)
