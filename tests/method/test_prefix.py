from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.error import ConfigError
from mmexp.inference.predictor import restore
from mmexp.method.prefix import PrefixMethod
from mmexp.training.experiment import load_data


def test_a_run_saves_what_stands_in_front_alone_and_predicts_as_it_was_evaluated(lab, tiny_gpt2: str):
    words = ["task=dialogue", "decoder@task.decoder=hf", f"task.decoder.model={tiny_gpt2}", "fusion=gated"]
    data = ["dataset.inputs={image: image}", "dataset.targets={reply: text}", "task.decoder.max_length=20"]
    run = lab.train(*words, *data, "method=prefix", "method.length=4", "training.epochs=1")
    saved = torch.load(next(run.checkpoints.glob("best*.ckpt")), weights_only=True)["state_dict"]
    inside = [name for name in saved if ".backbone." in name]
    assert inside and all(".backbone.front.states." in name for name in inside)
    predictor = restore(run)
    rows = list(predictor.predict(load_data(predictor.root).split("test")))
    kept = [json.loads(line) for line in run.predictions("test").read_text().splitlines()]
    assert [row["reply"] for row in rows] == [row["reply"] for row in kept]
    assert [row["score"] for row in rows] == pytest.approx([row["score"] for row in kept], rel=1e-4)


def test_an_encoder_that_takes_no_keys_and_values_is_refused(tiny_bert: str):
    encoder = HfTextEncoder(dim=4, model=tiny_bert, pretrained=True, max_length=8)
    with pytest.raises(ConfigError, match="BertModel: model must read keys and values that come before"):
        PrefixMethod(length=4).prepare(nn.ModuleDict({"encoders": nn.ModuleDict({"text": encoder})}))
