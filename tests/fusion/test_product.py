from __future__ import annotations

import math

import pytest
import torch

from mmexp.fusion.product import ProductFusion
from mmexp.pool.mean import MeanPool


@pytest.fixture
def fusion() -> ProductFusion:
    return ProductFusion(dim=4, modalities=list("abc"), pool=MeanPool())


def test_it_multiplies_unit_vectors_of_those_that_are_present(fusion):
    present = torch.tensor([[True, True, True], [True, False, True], [False, True, False]])
    vectors = torch.randn(3, 3, 4) * present[..., None]
    for row, out in enumerate(fusion.combine(vectors, present)):
        for feature in range(4):
            expected = 1.0
            for vector in vectors[row][present[row]].tolist():
                expected *= vector[feature] / math.sqrt(sum(x * x for x in vector) / 4)
            assert out[feature].item() == pytest.approx(expected, rel=1e-4)


def test_nothing_present_gives_zeros_rather_than_ones(fusion):
    assert not fusion.combine(torch.zeros(2, 3, 4), torch.zeros(2, 3, dtype=torch.bool)).any()


def test_its_scale_is_that_of_none_of_its_factors(fusion):
    vectors, present = torch.randn(5, 3, 4), torch.ones(5, 3, dtype=torch.bool)
    small = fusion.combine(vectors * torch.tensor([0.1, 7.0, 1.0])[:, None], present)
    torch.testing.assert_close(small, fusion.combine(vectors, present), rtol=1e-3, atol=1e-4)


def test_a_vector_of_zeros_has_a_finite_gradient(fusion):
    vectors = torch.zeros(1, 3, 4, requires_grad=True)
    fusion.combine(vectors, torch.ones(1, 3, dtype=torch.bool)).sum().backward()
    assert vectors.grad.isfinite().all()
