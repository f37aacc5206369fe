from __future__ import annotations

import torch

from mmexp.fusion.mean import MeanFusion
from mmexp.pool.mean import MeanPool


def test_it_averages_those_that_are_present():
    fusion = MeanFusion(dim=4, modalities=list("abc"), pool=MeanPool())
    present = torch.tensor([[True, True, True], [True, False, True], [False, True, False], [False] * 3])
    vectors = torch.randn(4, 3, 4) * present[..., None]
    out = fusion.combine(vectors, present)
    for row in range(3):
        torch.testing.assert_close(out[row], vectors[row][present[row]].mean(0))
    assert not out[3].any()


def test_a_vector_that_is_absent_does_not_shrink_the_rest(make_tokens):
    fusion, own = MeanFusion(dim=8, modalities=list("ab"), pool=MeanPool()), make_tokens(2, 1)
    torch.testing.assert_close(fusion({"b": own}).features[:, 0], own.pool())
