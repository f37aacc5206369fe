from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mmexp.fusion.bilinear import BilinearFusion
from mmexp.pool.mean import MeanPool


def plain(fusion: BilinearFusion, vectors: np.ndarray, present: np.ndarray) -> np.ndarray:
    """norm(root(sum_r prod_m f_mr)) of one row [M, D], number by number."""
    count, dim = vectors.shape
    rank = fusion.width // dim
    weight, bias = fusion.weight.detach().numpy(), fusion.bias.detach().numpy()
    rooted = []
    for feature in range(dim):
        total = 0.0
        for place in (r * dim + feature for r in range(rank)):
            product = 1.0
            for m in range(count):
                if present[m]:
                    product *= sum(vectors[m, d] * weight[m, d, place] for d in range(dim)) + bias[m, place]
            total += product
        rooted.append(total / math.sqrt(abs(total) + 0.01))
    return np.array(rooted) / math.sqrt(sum(x * x for x in rooted) / dim + 1e-4)


@pytest.mark.parametrize("rank", [1, 3])
def test_it_agrees_with_the_equation(rank):
    fusion = BilinearFusion(dim=4, modalities=list("abc"), pool=MeanPool(), rank=rank)
    torch.nn.init.normal_(fusion.bias)
    present = torch.tensor([[True, True, True], [True, False, True], [False, True, False], [False] * 3])
    vectors = torch.randn(4, 3, 4) * present[..., None]
    expected = [plain(fusion, v.numpy(), p.numpy()) for v, p in zip(vectors, present, strict=True)]
    np.testing.assert_allclose(fusion.combine(vectors, present).detach().numpy(), expected, rtol=1e-3, atol=1e-5)


def test_two_modalities_make_a_bilinear_form_of_low_rank():
    fusion = BilinearFusion(dim=4, modalities=list("ab"), pool=MeanPool(), rank=3)
    left, right = fusion.weight.view(2, 4, 3, 4)
    form = torch.einsum("irh,jrh->hij", left, right)
    assert torch.linalg.matrix_rank(form).tolist() == [3] * 4
    vectors = torch.randn(6, 2, 4)
    raw = torch.einsum("bi,hij,bj->bh", vectors[:, 0], form, vectors[:, 1])
    fused = fusion.combine(vectors, torch.ones(6, 2, dtype=torch.bool))
    assert torch.equal(fused.sign(), raw.sign())
    assert torch.equal(fused.abs().argsort(-1), raw.abs().argsort(-1))


def test_vectors_of_zero_have_a_finite_gradient():
    fusion = BilinearFusion(dim=4, modalities=list("ab"), pool=MeanPool())
    vectors = torch.zeros(2, 2, 4, requires_grad=True)
    fused = fusion.combine(vectors, torch.ones(2, 2, dtype=torch.bool))
    fused.sum().backward()
    assert not fused.any() and vectors.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in fusion.parameters())


def test_the_output_has_unit_scale():
    fusion = BilinearFusion(dim=16, modalities=list("abc"), pool=MeanPool())
    fused = fusion.combine(5 * torch.randn(50, 3, 16), torch.ones(50, 3, dtype=torch.bool))
    torch.testing.assert_close(fused.square().mean(-1), torch.ones(50), rtol=1e-2, atol=0)


def test_a_rank_below_one_is_refused():
    with pytest.raises(ValueError, match="BilinearFusion: rank must be at least 1, got 0"):
        BilinearFusion(dim=4, modalities=["a"], pool=MeanPool(), rank=0)
