from __future__ import annotations

import torch

from mmexp.fusion.max import MaxFusion
from mmexp.pool.mean import MeanPool


def test_it_takes_the_largest_of_those_that_are_present():
    fusion = MaxFusion(dim=4, modalities=list("abc"), pool=MeanPool())
    present = torch.tensor([[True, True, True], [True, False, True], [False, True, False], [False] * 3])
    vectors = (torch.randn(4, 3, 4) - 3) * present[..., None]
    out = fusion.combine(vectors, present)
    for row in range(3):
        expected = [max(vectors[row, m, d] for m in range(3) if present[row, m]) for d in range(4)]
        torch.testing.assert_close(out[row], torch.stack(expected))
    assert (out[:3] < 0).all() and not out[3].any()
