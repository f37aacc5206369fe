from __future__ import annotations

import pytest
import torch

from mmexp.contract import Tokens
from mmexp.fusion.transformer import TransformerFusion


@pytest.fixture
def fusion() -> TransformerFusion:
    fusion = TransformerFusion(dim=8, modalities=("text", "image", "audio"), num_heads=2, depth=3).eval()
    torch.nn.init.normal_(fusion.origin)
    return fusion


def theirs(block) -> torch.nn.TransformerEncoderLayer:
    """Torch's own pre-norm layer with the weights of a block."""
    layer = torch.nn.TransformerEncoderLayer(8, 2, 32, 0.0, "gelu", batch_first=True, norm_first=True).eval()
    own = block.attention
    layer.self_attn.in_proj_weight.data = torch.cat([own.query.weight, own.key_value.weight])
    layer.self_attn.in_proj_bias.data = torch.cat([own.query.bias, own.key_value.bias])
    layer.self_attn.out_proj, layer.norm1, layer.norm2 = own.out, block.norm1, block.norm2
    layer.linear1, layer.linear2 = block.mlp[0], block.mlp[2]
    return layer


def test_joint_form_agrees_with_torchs_encoder_over_all_tokens(fusion, make_tokens):
    audio, text = make_tokens(2, 5), make_tokens(4, 1)
    x = torch.cat([audio.features + fusion.origin[2], text.features + fusion.origin[0]], 1)
    mask = torch.cat([audio.mask, text.mask], 1)
    for block in fusion.blocks:
        x = theirs(block)(x, src_key_padding_mask=~mask)
    fused = fusion({"audio": audio, "text": text})
    torch.testing.assert_close(fused.features[mask], x[mask])
    assert torch.equal(fused.mask, mask)


def test_anchored_form_agrees_with_one_pass_in_which_none_but_the_context_is_seen(fusion, make_tokens):
    text, image = make_tokens(4, 4), make_tokens(3, 3)
    x = torch.cat([text.features + fusion.origin[0], image.features + fusion.origin[1]], 1)
    hidden = torch.ones(7, 7, dtype=torch.bool)
    hidden[:, 4:] = False
    hidden.fill_diagonal_(False)
    for block in fusion.blocks:
        x = theirs(block)(x, src_mask=hidden)
    torch.testing.assert_close(fusion.onto(text, {"image": image}).features, x[:, :4])


def test_one_anchor_position_is_fused_as_in_the_joint_form_if_the_context_does_not_see_it(make_tokens):
    fusion = TransformerFusion(dim=8, modalities=("text", "image"), depth=1).eval()
    text, image = make_tokens(1, 1), make_tokens(3, 2)
    joint = fusion({"text": text, "image": image}).features[:, :1]
    torch.testing.assert_close(fusion.onto(text, {"image": image}).features, joint)


def test_without_a_context_each_position_passes_by_itself(fusion, make_tokens):
    text = make_tokens(3, 3)
    alone = fusion({"text": Tokens(text.features.flatten(0, 1).unsqueeze(1), torch.ones(6, 1, dtype=torch.bool))})
    torch.testing.assert_close(fusion.onto(text, {}).features, alone.features.view(2, 3, 8))
