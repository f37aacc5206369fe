from __future__ import annotations

import numpy as np
import pytest
import torch

from mmexp.fusion.gated import GatedFusion
from mmexp.pool.mean import MeanPool


def plain(fusion: GatedFusion, vectors: np.ndarray, present: np.ndarray) -> np.ndarray:
    """sum_m g_m * tanh(W_m v_m + b_m) of one place, g a softmax over those present, number by number."""
    count, dim = vectors.shape
    weight, bias = fusion.gate.weight.detach().numpy(), fusion.gate.bias.detach().numpy()
    logits = (weight @ vectors.reshape(-1) + bias).reshape(count, dim) / fusion.temperature
    value, shift = fusion.value.detach().numpy(), fusion.bias.detach().numpy()
    out = np.zeros(dim)
    for feature in range(dim):
        total = sum(np.exp(logits[m, feature]) for m in range(count) if present[m])
        for m in range(count):
            if present[m]:
                inner = sum(vectors[m, d] * value[m, d, feature] for d in range(dim)) + shift[m, feature]
                out[feature] += np.exp(logits[m, feature]) / total * np.tanh(inner)
    return out


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_it_agrees_with_the_equation(temperature):
    fusion = GatedFusion(dim=4, modalities=list("abc"), pool=MeanPool(), temperature=temperature)
    torch.nn.init.normal_(fusion.bias)
    present = torch.tensor([[True, True, True], [True, False, True], [False, True, False], [False] * 3])
    vectors = torch.randn(4, 3, 4) * present[..., None]
    expected = [plain(fusion, v.numpy(), p.numpy()) for v, p in zip(vectors, present, strict=True)]
    np.testing.assert_allclose(fusion.combine(vectors, present).detach().numpy(), expected, rtol=1e-4, atol=1e-6)


def test_for_two_modalities_the_gate_is_the_papers_sigmoid():
    fusion = GatedFusion(dim=4, modalities=list("ab"), pool=MeanPool())
    vectors = torch.randn(5, 2, 4)
    first, second = fusion.gate(vectors.flatten(1)).chunk(2, -1)
    gate = torch.sigmoid(first - second)
    left, right = (torch.tanh(vectors[:, m] @ fusion.value[m]) for m in (0, 1))
    out = fusion.combine(vectors, torch.ones(5, 2, dtype=torch.bool))
    torch.testing.assert_close(out, gate * left + (1 - gate) * right)


@pytest.mark.parametrize("temperature", [0.0, -1.0])
def test_a_temperature_that_is_not_positive_is_refused(temperature):
    with pytest.raises(ValueError, match=f"GatedFusion: temperature must be positive, got {temperature}"):
        GatedFusion(dim=4, modalities=["a"], pool=MeanPool(), temperature=temperature)
