from __future__ import annotations

import math

import pytest
import torch

from mmexp.fusion.weighted import WeightedFusion
from mmexp.pool.mean import MeanPool


@pytest.fixture
def fusion() -> WeightedFusion:
    fusion = WeightedFusion(dim=4, modalities=list("abc"), pool=MeanPool())
    torch.nn.init.normal_(fusion.score)
    return fusion


def test_weights_are_a_softmax_over_those_that_are_present(fusion):
    present = torch.tensor([[True, True, True], [True, False, True], [False, True, False], [False] * 3])
    vectors = torch.randn(4, 3, 4) * present[..., None]
    scores = fusion.score.tolist()
    for row, out in enumerate(fusion.combine(vectors, present)):
        there = [m for m in range(3) if present[row, m]]
        total = sum(math.exp(scores[m]) for m in there)
        expected = sum((math.exp(scores[m]) / total * vectors[row, m] for m in there), torch.zeros(4))
        torch.testing.assert_close(out, expected)


def test_weights_are_those_by_modality(fusion):
    weights, present = fusion.weights(), torch.ones(1, 3, dtype=torch.bool)
    assert list(weights) == list("abc") and sum(weights.values()) == pytest.approx(1)
    for slot, weight in enumerate(weights.values()):
        alone = torch.zeros(1, 3, 4)
        alone[:, slot] = 1
        torch.testing.assert_close(fusion.combine(alone, present), torch.full((1, 4), weight))


def test_all_count_the_same_at_first(make_tokens):
    fusion, own = WeightedFusion(dim=8, modalities=list("ab"), pool=MeanPool()), make_tokens(2, 1)
    assert fusion.weights() == {"a": 0.5, "b": 0.5}
    torch.testing.assert_close(fusion({"a": own, "b": own}).features[:, 0], own.pool())


def test_fixed_weights_sum_to_one_over_those_present_and_are_never_trained():
    given = {"a": 1, "b": 3, "c": 0}
    fusion = WeightedFusion(dim=4, modalities=list("abc"), pool=MeanPool(), fixed_weights=given)
    present = torch.tensor([[True, True, True], [True, False, True], [False, False, True]])
    vectors = torch.randn(3, 3, 4) * present[..., None]
    expected = torch.stack([vectors[0, 0] / 4 + 3 * vectors[0, 1] / 4, vectors[1, 0], torch.zeros(4)])
    torch.testing.assert_close(fusion.combine(vectors, present), expected)
    assert fusion.weights() == {"a": 0.25, "b": 0.75, "c": 0} and not list(fusion.parameters())


def test_fixed_weights_of_an_unknown_modality_are_refused():
    with pytest.raises(ValueError, match="WeightedFusion: fixed_weights must be of a, b, got 'smell'"):
        WeightedFusion(dim=4, modalities=list("ab"), pool=MeanPool(), fixed_weights={"smell": 1})
