from __future__ import annotations

import pytest
import torch
from torch import nn

from mmexp.contract import Tokens
from mmexp.fusion.token import TokenFusion, block_beside, keys_values
from mmexp.layer.attention import SelfAttentionBlock


class Listing(TokenFusion):
    """Gives what it has gathered, whatever the anchor."""

    def forward(self, tokens):
        return self.gather(tokens)

    def bind(self, context):
        gathered = self.gather(context)
        return lambda anchor: gathered


@pytest.fixture
def fusion() -> Listing:
    return Listing(dim=8, modalities=("text", "image"))


def test_tokens_stand_side_by_side_each_marked_with_its_modality(fusion, make_tokens):
    image, text = make_tokens(3, 0), make_tokens(1, 2)
    together = fusion({"image": image, "text": text})
    torch.testing.assert_close(together.features[:, :3], image.features + fusion.origin[1])
    torch.testing.assert_close(together.features[:, 3:], text.features + fusion.origin[0])
    assert torch.equal(together.mask, torch.cat([image.mask, text.mask], 1))


def test_of_no_modality_there_is_one_place_of_padding(fusion, make_tokens):
    nothing = fusion.onto(make_tokens(2), {})
    assert nothing.features.shape == (1, 1, 8) and not nothing.features.any() and not nothing.mask.any()


@pytest.mark.parametrize("masked", [True, False])
def test_a_block_beside_a_context_is_the_block_over_each_position_and_the_context(masked, make_tokens):
    block, x = SelfAttentionBlock(8, 2).double(), torch.randn(2, 3, 8).double()
    others = make_tokens(4, 1)
    others = Tokens(others.features.double(), others.mask if masked else torch.ones_like(others.mask))
    keys, values = keys_values(block, others.features)
    beside = block_beside(block, x, keys, values, others.mask if masked else None)
    for place in range(3):
        row = torch.cat([x[:, place : place + 1], others.features], 1)
        alone = block(row, torch.cat([torch.ones(2, 1, dtype=torch.bool), others.mask], 1))
        torch.testing.assert_close(beside[:, place], alone[:, 0])


def test_a_context_of_one_row_serves_all_rows_and_may_hold_nothing(make_tokens):
    block, x = SelfAttentionBlock(8, 2), make_tokens(3, 3).features
    keys, values = keys_values(block, torch.randn(1, 4, 8))
    none = block_beside(block, x, keys, values, torch.zeros(1, 4, dtype=torch.bool))
    alone = block(x.flatten(0, 1).unsqueeze(1), None).view(2, 3, 8)
    torch.testing.assert_close(none, alone)


def test_the_marks_are_small_beside_the_tokens():
    fusion = Listing(dim=256, modalities=("text", "image"))
    assert isinstance(fusion.origin, nn.Parameter) and fusion.origin.std() < 0.1
