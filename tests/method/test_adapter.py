from __future__ import annotations

import sys

import pytest
from torch import nn

from mmexp.encoder.image.hf import HfImageEncoder
from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.error import ConfigError
from mmexp.method.lora import LoraMethod
from mmexp.transform.image import ImageTransform

pytest.importorskip("peft", reason="the extra adapters is not installed")


@pytest.fixture
def model(tiny_bert: str, tiny_vit: str) -> nn.Module:
    text = HfTextEncoder(dim=4, model=tiny_bert, pretrained=True)
    image = HfImageEncoder(dim=4, model=tiny_vit, transform=ImageTransform(image_size=16), pretrained=True)
    return nn.ModuleDict({"encoders": nn.ModuleDict({"text": text, "image": image}), "task": nn.Linear(4, 2)})


def trained(model: nn.Module, part: str) -> list[str]:
    return [name for name, weight in model.named_parameters() if weight.requires_grad and part in name]


def test_backbones_are_frozen_but_for_their_adapters_and_all_else_is_trained(model: nn.Module):
    LoraMethod(rank=2).prepare(model)
    adapters = trained(model, ".backbone.")
    assert adapters and all("lora_" in name for name in adapters)
    assert {name.split(".")[1] for name in adapters} == {"text", "image"}
    assert len(trained(model, "task")) == 2 and len(trained(model, "project")) == 4


def test_only_the_encoders_that_are_named_get_adapters(model: nn.Module):
    LoraMethod(encoders=["text"], rank=2).prepare(model)
    assert {name.split(".")[1] for name in trained(model, ".backbone.")} == {"text"}


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"encoders": ["audio"]}, r"method.encoders must be among the pretrained text, image, got 'audio'"),
        ({"encoders": ["text"], "target_modules": ["q"]}, r"must name layers of the encoder of text, .*got \['q'\]"),
    ],
)
def test_what_is_not_there_is_refused(model: nn.Module, settings, rule):
    with pytest.raises(ConfigError, match=rule):
        LoraMethod(**settings).prepare(model)


def test_without_a_pretrained_encoder_there_is_nothing_to_adapt():
    with pytest.raises(ConfigError, match="must have a pretrained encoder to adapt, got none"):
        LoraMethod().prepare(nn.Linear(2, 2))


def test_without_the_library_it_says_what_to_install(model: nn.Module, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ConfigError, match="peft must be installed to train adapters, got none") as error:
        LoraMethod().prepare(model)
    assert error.value.hint == "Run: pip install peft"
