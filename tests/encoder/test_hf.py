from __future__ import annotations

import torch

from mmexp.contract import Tokens
from mmexp.encoder.text.hf import HfTextEncoder


def test_features_are_mapped_to_the_width_of_the_tokens(tiny_bert: str):
    encoder = HfTextEncoder(dim=8, model=tiny_bert, pretrained=True, dropout=0.5)
    features = Tokens(torch.randn(2, 3, 12), torch.ones(2, 3, dtype=torch.bool))
    assert not torch.equal(encoder.adapt(features).features, encoder.adapt(features).features)  # dropout
    expected = encoder.eval().norm(encoder.project(features.features))
    assert torch.equal(encoder.adapt(features).features, expected)


def test_what_its_features_depend_on_is_its_config_and_layer(tiny_bert: str):
    described = [HfTextEncoder(dim=8, model=tiny_bert, layer=layer).describe() for layer in (None, 1)]
    assert described[0]["settings"]["config"]["hidden_size"] == 12 and described[0] != described[1]
