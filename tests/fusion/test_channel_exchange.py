from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from mmexp.fusion.channel_exchange import ChannelExchangeFusion
from mmexp.pool.mean import MeanPool


def make(count: int = 3, dim: int = 6, **words) -> ChannelExchangeFusion:
    return ChannelExchangeFusion(dim=dim, modalities=list("abcd")[:count], pool=MeanPool(), **words)


def gelu(x: float) -> float:
    return x * (1 + math.erf(x / math.sqrt(2))) / 2


def plain(fusion: ChannelExchangeFusion, vectors: np.ndarray, present: np.ndarray) -> np.ndarray:
    """One row [M, D], number by number."""
    count, dim = vectors.shape
    x = vectors.astype(float)
    for layer in fusion.layers:
        weight, bias, gamma, beta = (p.detach().numpy() for p in (*layer.linear.parameters(), layer.gamma, layer.beta))
        hidden = x @ weight.T + bias
        normed = (hidden - hidden.mean(1, keepdims=True)) / np.sqrt(hidden.var(1, keepdims=True) + 1e-5)
        own, after = normed * gamma.reshape(count, dim) + beta.reshape(count, dim), x.copy()
        for m in range(count):
            others = [own[i] for i in range(count) if i != m and present[i]]
            for c in range(dim):
                small = abs(gamma[m * dim + c]) < layer.threshold and c * count // dim == m
                after[m, c] += gelu(np.mean([o[c] for o in others]) if small and others else own[m, c])
        x = after
    weights = np.exp(fusion.logits.detach().numpy()) * present
    return (weights[:, None] * x).sum(0) / max(weights.sum(), 1e-9)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_it_agrees_with_the_equation(count):
    fusion = make(count, threshold=0.7)
    for layer in fusion.layers:
        nn.init.normal_(layer.gamma)
        nn.init.normal_(layer.beta)
    nn.init.normal_(fusion.logits)
    present = torch.rand(8, count) < 0.7
    present[:2] = torch.tensor([[False], [True]])
    vectors = torch.randn(8, count, 6) * present[..., None]
    expected = [plain(fusion, v.numpy(), p.numpy()) for v, p in zip(vectors, present, strict=True)]
    np.testing.assert_allclose(fusion.combine(vectors, present).detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_a_channel_that_says_little_is_heard_from_the_others():
    fusion, present = make(2, depth=1, threshold=0.2), torch.tensor([True, True])
    fusion.logits.data = torch.tensor([100.0, -100.0])  # only the first is read
    vectors = torch.randn(2, 6)
    moved = vectors.clone()
    moved[1] = torch.randn(6)
    difference = fusion.combine(moved, present) - fusion.combine(vectors, present)
    assert difference[:3].all() and not difference[3:].any()


def test_without_small_scales_nothing_is_exchanged():
    fusion, vectors = make(2), torch.randn(2, 6)
    fusion.logits.data = torch.tensor([100.0, -100.0])
    alone = fusion.combine(vectors * torch.tensor([[1.0], [0.0]]), torch.tensor([True, False]))
    torch.testing.assert_close(fusion.combine(vectors, torch.tensor([True, True])), alone)


def test_the_penalty_counts_each_channel_for_one_modality():
    fusion = make(3, depth=2, sparsity=0.5)
    for layer in fusion.layers:
        nn.init.constant_(layer.gamma, -2)
    penalty = fusion.penalties()["sparsity"]
    assert penalty.item() == pytest.approx(0.5 * 2 * 6 * 2)
    penalty.backward()
    for layer in fusion.layers:
        slots, channels = layer.gamma.grad.view(3, 6).nonzero(as_tuple=True)
        assert slots.tolist() == [0, 0, 1, 1, 2, 2] and channels.tolist() == list(range(6))


def test_a_single_modality_has_nothing_to_shrink():
    assert make(1).penalties()["sparsity"] == 0


def test_training_comes_to_exchange():
    fusion = make(2, sparsity=1.0)
    optimizer = torch.optim.SGD(fusion.parameters(), lr=0.01)
    for _ in range(9):
        optimizer.zero_grad()
        fusion.penalties()["sparsity"].backward()
        optimizer.step()
    assert all((layer.gamma.abs() < layer.threshold).sum() == 6 for layer in fusion.layers)


def test_weights_are_those_of_the_modalities():
    fusion = make(2)
    fusion.logits.data = torch.tensor([0.0, math.log(3)])
    assert fusion.weights() == pytest.approx({"a": 0.25, "b": 0.75})


@pytest.mark.parametrize(
    ("name", "value", "rule"), [("depth", 0, "at least 1"), ("threshold", -1, "not be neg"), ("sparsity", -0.1, "not")]
)
def test_numbers_out_of_range_are_refused(name, value, rule):
    with pytest.raises(ValueError, match=f"ChannelExchangeFusion: {name} must .*{rule}.* got {value}"):
        make(**{name: value})
