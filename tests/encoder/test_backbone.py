from __future__ import annotations

import torch
from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.backbone import BackboneEncoder, Features, Origin, fingerprint, is_frozen, pretrained_parts


class Small(BackboneEncoder):
    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
        self.origin = Origin("m", pretrained=pretrained)
        self.head = nn.Linear(4, 2)

    def extract(self, inputs: Padded) -> Tokens:
        return Tokens(self.backbone(inputs.values).unsqueeze(1), inputs.mask.unsqueeze(1))

    def adapt(self, features: Tokens) -> Tokens:
        return Tokens(self.head(features.features), features.mask)


INPUTS = Padded(torch.randn(4, 3), torch.tensor([True, True, True, False]))


def test_features_stand_for_the_input():
    encoder = Small().eval()
    known = encoder.extract(INPUTS)
    given = encoder(Features(known.features, known.mask))
    assert torch.equal(given.features, encoder(INPUTS).features) and torch.equal(given.mask, encoder(INPUTS).mask)


def test_a_frozen_backbone_stays_in_evaluation_mode():
    encoder = Small()
    encoder.backbone.requires_grad_(False)
    encoder.train()
    assert encoder.training and encoder.head.training and not encoder.backbone.training
    before = fingerprint(encoder.backbone)
    assert torch.equal(encoder(INPUTS).features, encoder(INPUTS).features)  # no dropout
    assert fingerprint(encoder.backbone) == before  # no new statistics
    encoder.backbone[0].bias.requires_grad_(True)
    assert not is_frozen(encoder.backbone) and encoder.train().backbone.training


def test_the_fingerprint_depends_on_names_types_shapes_and_every_value():
    one = nn.Linear(2, 3)
    other = nn.Linear(2, 3)
    other.load_state_dict(one.state_dict())
    assert fingerprint(one) == fingerprint(other)
    with torch.no_grad():
        other.bias[2] += 1e-6
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(nn.Linear(2, 3).to(torch.bfloat16)) != fingerprint(one)


def test_only_backbones_that_have_read_weights_are_pretrained_parts():
    model = nn.ModuleDict({"a": Small(), "b": Small(pretrained=False), "c": nn.ModuleDict({"inner": Small()})})
    assert pretrained_parts(model) == ["a.backbone", "c.inner.backbone"]
