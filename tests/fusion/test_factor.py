from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmexp.fusion.factor import FactorFusion
from mmexp.pool.mean import MeanPool


class Multiplied(FactorFusion):
    """Counts the vectors that become factors; an absent one becomes a 2."""

    seen = 0

    def settle(self, factors: Tensor, present: Tensor) -> Tensor:
        self.seen += factors[..., 0].numel()
        return factors.masked_fill(~present, 2)

    def meet(self, own: Tensor, product: Tensor) -> Tensor:
        return own * product


@pytest.fixture
def fusion() -> Multiplied:
    fusion = Multiplied(dim=8, modalities=("text", "image", "audio"), pool=MeanPool(), width=8)
    torch.nn.init.normal_(fusion.bias)
    return fusion


def factor(fusion: Multiplied, slot: int, vector: Tensor) -> Tensor:
    return vector @ fusion.weight[slot] + fusion.bias[slot]


def test_each_modality_has_its_own_projection_and_absent_ones_what_stands_for_them(fusion):
    vectors, present = torch.randn(5, 2, 3, 8), torch.rand(5, 2, 3) < 0.5
    expected = torch.ones(5, 2, 8)
    for slot in range(3):
        expected *= torch.where(present[..., slot, None], factor(fusion, slot, vectors[..., slot, :]), 2.0)
    torch.testing.assert_close(fusion.combine(vectors, present), expected)


def test_anchored_form_is_the_combination_of_each_position_with_the_context(fusion, make_tokens):
    text, image, audio = make_tokens(3, 2), make_tokens(2, 0), make_tokens(1, 4)
    vectors = torch.stack([text.features, *(own.pool()[:, None].expand(-1, 3, -1) for own in (image, audio))], 2)
    present = torch.stack([text.mask, *(own.present[:, None].expand(-1, 3) for own in (image, audio))], 2)
    expected = text.features + fusion.combine(vectors, present)
    torch.testing.assert_close(fusion.onto(text, {"image": image, "audio": audio}).features, expected)


def test_the_context_becomes_factors_once_however_many_positions_there_are(fusion, make_tokens):
    text, image = make_tokens(7, 7), make_tokens(2, 2)
    fuse = fusion.bind({"image": image})
    assert fusion.seen == 2 * 2
    fuse(text)
    assert fusion.seen == 2 * 2 + 2 * 7


def test_a_single_modality_meets_a_product_of_nothing(make_tokens):
    fusion, own = Multiplied(dim=8, modalities=["text"], pool=MeanPool(), width=8), make_tokens(2, 1)
    torch.testing.assert_close(fusion({"text": own}).features[:, 0], factor(fusion, 0, own.pool()))
