from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mmexp.fusion.adaptive import AdaptiveFusion
from mmexp.pool.mean import MeanPool


def make(beta: float = 1.0) -> AdaptiveFusion:
    fusion = AdaptiveFusion(dim=4, modalities=list("abc"), pool=MeanPool(), beta=beta)
    for bias in (fusion.gate_bias, fusion.bias):
        torch.nn.init.normal_(bias)
    return fusion


def step(fusion: AdaptiveFusion, first: Tensor, others: dict[int, Tensor]) -> Tensor:
    """H = sum_m relu(G_m [Z; v_m] + c_m) * (W_m v_m) + b, by the others that are present."""
    total = fusion.bias.clone()
    for m, vector in others.items():
        gate = torch.cat([first, vector]) @ fusion.gate[m - 1] + fusion.gate_bias[m - 1]
        total = total + gate.clamp(min=0) * (vector @ fusion.value[m - 1])
    return total


@pytest.mark.parametrize("beta", [0.1, 1.0, 50.0])
def test_it_agrees_with_the_equations(beta):
    fusion = make(beta)
    present = torch.tensor([[True, True, True], [True, False, True], [True, True, False]])
    vectors = torch.randn(3, 3, 4) * present[..., None]
    for row, out in enumerate(fusion.combine(vectors, present)):
        first = vectors[row, 0]
        h = step(fusion, first, {m: vectors[row, m] for m in (1, 2) if present[row, m]})
        alpha = min(beta * math.hypot(*first.tolist()) / math.hypot(*h.tolist()), 1)
        torch.testing.assert_close(out, first + alpha * h, rtol=1e-4, atol=1e-5)


def test_the_step_is_never_longer_than_beta_allows():
    fusion, vectors = make(0.5), torch.randn(50, 3, 4)
    vectors[:, 1:] *= 20
    moved = fusion.combine(vectors, torch.ones(50, 3, dtype=torch.bool)) - vectors[:, 0]
    assert (moved.norm(dim=1) <= 0.5 * vectors[:, 0].norm(dim=1) + 1e-4).all()


def test_without_others_the_first_passes_unchanged(make_tokens):
    own = make_tokens(3, dim=4)
    torch.testing.assert_close(make()({"a": own}).features[:, 0], own.pool())
    alone = AdaptiveFusion(dim=4, modalities=["a"], pool=MeanPool())
    torch.testing.assert_close(alone({"a": own}).features[:, 0], own.pool())


def test_without_the_first_the_whole_step_is_left(make_tokens):
    fusion, own = make(), make_tokens(3, dim=4)
    expected = step(fusion, torch.zeros(4), {2: own.pool()[0]})
    torch.testing.assert_close(fusion({"c": own}).features[0, 0], expected)


@pytest.mark.parametrize("beta", [0.0, -1.0])
def test_a_beta_that_is_not_positive_is_refused(beta):
    with pytest.raises(ValueError, match=f"AdaptiveFusion: beta must be positive, got {beta}"):
        make(beta)
