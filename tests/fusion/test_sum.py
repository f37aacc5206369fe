from __future__ import annotations

import torch

from mmexp.fusion.sum import SumFusion
from mmexp.pool.mean import MeanPool


def test_it_is_the_sum_of_the_pooled_vectors_with_absent_ones_as_zero(make_tokens):
    fusion = SumFusion(dim=8, modalities=list("abc"), pool=MeanPool())
    tokens = {"a": make_tokens(2, 0, 1), "b": make_tokens(3, 2, 0)}
    fused = fusion(tokens)
    torch.testing.assert_close(fused.features[:, 0], tokens["a"].pool() + tokens["b"].pool())
    anchored = fusion.onto(tokens["a"], {"b": tokens["b"]})
    expected = 2 * tokens["a"].features + tokens["b"].pool()[:, None]
    torch.testing.assert_close(anchored.features[anchored.mask], expected[anchored.mask])


def test_no_interaction_can_hide_in_it():
    fusion, both = SumFusion(dim=4, modalities=list("ab"), pool=MeanPool()), torch.ones(1, 2, dtype=torch.bool)
    a, b, c, d = torch.randn(4, 1, 4).double()
    one, two, three, four = (fusion.combine(torch.stack(pair, 1), both) for pair in ((a, b), (c, d), (a, d), (c, b)))
    torch.testing.assert_close(one + two, three + four)
