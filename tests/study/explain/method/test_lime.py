from __future__ import annotations

import torch

from mmexp.study.explain.method.lime import attribute


def test_of_a_sum_over_the_parts_it_returns_the_terms(additive):
    question, weights = additive
    found = attribute(question)
    assert found.shape == (question.size,)
    assert float(torch.corrcoef(torch.stack([found, weights]))[0, 1]) > 0.95
