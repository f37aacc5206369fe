from __future__ import annotations

import pytest
import torch

from mmexp.fusion.film import FilmFusion
from mmexp.pool.mean import MeanPool


@pytest.fixture
def fusion() -> FilmFusion:
    fusion = FilmFusion(dim=4, modalities=list("abc"), pool=MeanPool())
    torch.nn.init.normal_(fusion.bias)
    return fusion


def test_the_others_scale_and_shift_each_feature_of_the_first(fusion):
    present = torch.tensor([[True, True, True], [True, False, True], [True, True, False]])
    vectors = torch.randn(3, 3, 4) * present[..., None]
    for row, out in enumerate(fusion.combine(vectors, present)):
        first, second, third = vectors[row]
        for feature in range(4):
            scale, shift = (
                second @ fusion.weight[0][:, place] + third @ fusion.weight[1][:, place] + fusion.bias[place]
                for place in (feature, 4 + feature)
            )
            torch.testing.assert_close(out[feature], first[feature] + scale * first[feature] + shift)


def test_without_others_the_first_passes_unchanged(fusion, make_tokens):
    own = make_tokens(3, dim=4)
    torch.testing.assert_close(fusion({"a": own}).features[:, 0], own.pool())
    alone = FilmFusion(dim=4, modalities=["a"], pool=MeanPool())
    torch.testing.assert_close(alone({"a": own}).features[:, 0], own.pool())


def test_without_the_first_the_shift_is_left(fusion, make_tokens):
    own = make_tokens(3, dim=4)
    expected = own.pool() @ fusion.weight[0][:, 4:] + fusion.bias[4:]
    torch.testing.assert_close(fusion({"b": own}).features[:, 0], expected)
