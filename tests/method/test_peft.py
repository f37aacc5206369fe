from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from mmexp.decoder.hf import HfDecoder
from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.error import ConfigError
from mmexp.method.ia3 import Ia3Method
from mmexp.method.lora import LoraMethod
from mmexp.method.peft import PeftMethod
from mmexp.training.backbones import checkpointed

pytest.importorskip("peft", reason="the extra adapters is not installed")


@pytest.fixture
def model(tiny_bert: str) -> nn.Module:
    text = HfTextEncoder(dim=4, model=tiny_bert, pretrained=True)
    return nn.ModuleDict({"encoders": nn.ModuleDict({"text": text})})


def test_layers_that_are_not_there_are_refused(model: nn.Module):
    with pytest.raises(ConfigError, match=r"must name layers of the encoder of text, .*got \['q'\]"):
        LoraMethod(target_modules=["q"]).prepare(model)


def test_without_the_library_it_says_what_to_install(model: nn.Module, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ConfigError, match="peft must be installed to train adapters, got none") as error:
        LoraMethod().prepare(model)
    assert error.value.hint == "Run: pip install peft"


@pytest.mark.parametrize("method", [LoraMethod(rank=2), Ia3Method()], ids=lambda one: type(one).__name__)
def test_a_decoder_gets_adapters_and_a_checkpoint_leaves_the_rest_to_its_source(tiny_gpt2: str, method: PeftMethod):
    decoder = HfDecoder(dim=4, model=tiny_gpt2, pretrained=True, max_length=20)
    model = nn.ModuleDict({"task": nn.ModuleDict({"decoder": decoder})})
    vectors = torch.randn(2, 5, 12)
    before = decoder.eval().backbone(vectors)
    method.prepare(model)
    torch.testing.assert_close(decoder.eval().backbone(vectors), before)
    inside = [name for name in checkpointed(model) if ".backbone." in name]
    assert inside and all("lora_" in name or "ia3_" in name for name in inside)
