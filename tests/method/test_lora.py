from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.inference.predictor import restore
from mmexp.method.lora import LoraMethod

pytest.importorskip("peft", reason="the extra adapters is not installed")


def test_an_adapter_is_the_scaled_product_of_two_thin_matrices_and_starts_at_zero(tiny_bert: str):
    encoder = HfTextEncoder(dim=4, model=tiny_bert, pretrained=True).eval()
    inputs = encoder.transform.collate([encoder.transform.prepare("a red thing")])
    before = encoder.extract(inputs).features
    LoraMethod(rank=2, alpha=6).prepare(nn.ModuleDict({"encoders": nn.ModuleDict({"text": encoder})}))
    encoder.eval()
    torch.testing.assert_close(encoder.extract(inputs).features, before)
    layer = next(one for name, one in encoder.named_modules() if name.endswith("query"))
    down, up = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    nn.init.normal_(up)
    x = torch.randn(3, 12)
    torch.testing.assert_close(layer(x), layer.base_layer(x) + 3.0 * x @ down.T @ up.T)


def test_dora_trains_magnitudes_too(tiny_bert: str):
    model = nn.ModuleDict({"encoders": nn.ModuleDict({"text": HfTextEncoder(dim=4, model=tiny_bert, pretrained=True)})})
    LoraMethod(decompose=True).prepare(model)
    assert any("magnitude" in name for name, weight in model.named_parameters() if weight.requires_grad)


def test_a_rank_below_one_is_refused():
    with pytest.raises(ValueError, match="rank must be at least 1, got 0"):
        LoraMethod(rank=0)


def test_a_run_saves_the_adapters_alone_and_predicts_as_it_was_evaluated(lab, tiny_bert: str):
    lab.overrides = [one for one in lab.overrides if not one.startswith("encoder/text")]
    run = lab.train("encoder/text=hf", f"encoder.text.model={tiny_bert}", "method=lora", "inputs=[text]", "fusion=none")
    saved = torch.load(next(run.checkpoints.glob("best*.ckpt")), weights_only=True)["state_dict"]
    inside = [name for name in saved if ".backbone." in name]
    assert inside and all("lora_" in name for name in inside)
    trained = json.loads(run.summary.read_text())
    assert 0 < trained["parameters"]["trained"] < trained["parameters"]["total"]
    predictor = restore(run)
    rows = list(predictor.predict(_samples(predictor, "test")))
    kept = [json.loads(line) for line in run.predictions("test").read_text().splitlines()]
    assert [row["label"] for row in rows] == [row["label"] for row in kept]
    assert [row["score"] for row in rows] == pytest.approx([row["score"] for row in kept], rel=1e-4)


def _samples(predictor, split: str):
    from mmexp.training.experiment import load_data

    return load_data(predictor.root).split(split)
