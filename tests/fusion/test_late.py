from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.fusion.late import LateFusion
from mmexp.pool.mean import MeanPool


@pytest.fixture
def fusion() -> LateFusion:
    fusion = LateFusion(dim=4, modalities=list("abc"), pool=MeanPool(), mlp_ratio=1.5)
    for bias in (fusion.up_bias, fusion.down_bias, fusion.score):
        torch.nn.init.normal_(bias)
    return fusion


def test_it_is_a_weighted_vote_of_one_mlp_per_modality(fusion):
    present = torch.tensor([[True, True, True], [True, False, True], [False, True, False], [False] * 3])
    vectors = torch.randn(4, 3, 4) * present[..., None]
    for row, out in enumerate(fusion.combine(vectors, present)):
        there, expected = present[row].nonzero().flatten().tolist(), torch.zeros(4)
        for weight, m in zip(fusion.score[there].softmax(0), there, strict=True):
            hidden = F.gelu(F.linear(vectors[row, m], fusion.up[m].T, fusion.up_bias[m]))
            assert hidden.shape == (6,)
            expected = expected + weight * F.linear(hidden, fusion.down[m].T, fusion.down_bias[m])
        torch.testing.assert_close(out, expected)


def test_no_interaction_can_hide_in_it(fusion):
    a, b, c, d = torch.randn(4, 1, 4)
    rest, present = torch.randn(1, 4), torch.ones(1, 3, dtype=torch.bool)
    pairs = ((a, b), (c, d), (a, d), (c, b))
    one, two, three, four = (fusion.combine(torch.stack([*pair, rest], 1), present) for pair in pairs)
    torch.testing.assert_close(one + two, three + four)


def test_weights_are_those_of_the_votes(fusion):
    assert list(fusion.weights()) == list("abc")
    torch.testing.assert_close(torch.tensor(list(fusion.weights().values())), fusion.score.softmax(0))


def test_dropout_acts_in_training_only(make_tokens):
    fusion, own = LateFusion(dim=8, modalities=["a"], pool=MeanPool(), dropout=0.5), {"a": make_tokens(3)}
    assert not torch.equal(fusion(own).features, fusion(own).features)
    assert torch.equal(fusion.eval()(own).features, fusion(own).features)
