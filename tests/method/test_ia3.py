from __future__ import annotations

import pytest
from torch import nn

from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.method.ia3 import Ia3Method

pytest.importorskip("peft", reason="the extra adapters is not installed")


@pytest.mark.parametrize(("modules", "inputs"), [(None, None), (["query", "output.dense"], ["output.dense"])])
def test_vectors_are_trained_and_nothing_else_of_the_backbone(tiny_bert: str, modules, inputs):
    model = nn.ModuleDict({"encoders": nn.ModuleDict({"text": HfTextEncoder(dim=4, model=tiny_bert, pretrained=True)})})
    Ia3Method(target_modules=modules, feedforward_modules=inputs).prepare(model)
    found = [(name, weight) for name, weight in model.named_parameters() if "backbone" in name and weight.requires_grad]
    assert found and all("ia3_l" in name and weight.numel() in (12, 16) for name, weight in found)
