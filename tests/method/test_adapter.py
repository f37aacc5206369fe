from __future__ import annotations

import pytest
from torch import nn

from mmexp.encoder.backbone import BackboneModule
from mmexp.encoder.image.hf import HfImageEncoder
from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.error import ConfigError
from mmexp.method.adapter import AdapterMethod
from mmexp.transform.image import ImageTransform


class Added(AdapterMethod):
    """Adds a layer to each backbone."""

    def __init__(self, encoders: list[str] | None = None) -> None:
        super().__init__(encoders=encoders)

    def adapt(self, name: str, encoder: BackboneModule) -> None:
        encoder.backbone.add_module("added", nn.Linear(2, 2))


@pytest.fixture
def model(tiny_bert: str, tiny_vit: str) -> nn.Module:
    text = HfTextEncoder(dim=4, model=tiny_bert, pretrained=True)
    image = HfImageEncoder(dim=4, model=tiny_vit, transform=ImageTransform(image_size=16), pretrained=True)
    return nn.ModuleDict({"encoders": nn.ModuleDict({"text": text, "image": image}), "task": nn.Linear(4, 2)})


def trained(model: nn.Module, part: str) -> list[str]:
    return [name for name, weight in model.named_parameters() if weight.requires_grad and part in name]


def test_backbones_are_frozen_but_for_what_is_added_and_all_else_is_trained(model: nn.Module):
    Added().prepare(model)
    added = trained(model, ".backbone.")
    assert added and all(".added." in name for name in added)
    assert {name.split(".")[1] for name in added} == {"text", "image"}
    assert len(trained(model, "task")) == 2 and len(trained(model, "project")) == 4


def test_only_the_encoders_that_are_named_are_adapted(model: nn.Module):
    Added(["text"]).prepare(model)
    assert {name.split(".")[1] for name in trained(model, ".backbone.")} == {"text"}


def test_an_encoder_that_is_not_there_is_refused(model: nn.Module):
    with pytest.raises(ConfigError, match=r"method.encoders must be among the pretrained text, image, got 'audio'"):
        Added(["audio"]).prepare(model)


def test_without_a_pretrained_encoder_there_is_nothing_to_adapt():
    with pytest.raises(ConfigError, match="must have a pretrained encoder to adapt, got none"):
        Added().prepare(nn.Linear(2, 2))
