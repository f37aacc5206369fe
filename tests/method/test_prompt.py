from __future__ import annotations

import json

import pytest
import torch

from mmexp.inference.predictor import restore
from mmexp.training.experiment import load_data


def test_a_run_saves_what_stands_in_front_alone_and_predicts_as_it_was_evaluated(lab, tiny_bert: str):
    lab.overrides = [one for one in lab.overrides if not one.startswith("encoder/text")]
    words = ["encoder/text=hf", f"encoder.text.model={tiny_bert}", "encoder.text.max_length=12"]
    run = lab.train(*words, "method=prompt", "training.epochs=1", "inputs=[text]", "fusion=none")
    saved = torch.load(next(run.checkpoints.glob("best*.ckpt")), weights_only=True)["state_dict"]
    inside = [name for name in saved if ".backbone." in name]
    assert inside and all(".backbone.front.vectors" in name for name in inside)
    predictor = restore(run)
    rows = list(predictor.predict(load_data(predictor.root).split("test")))
    kept = [json.loads(line) for line in run.predictions("test").read_text().splitlines()]
    assert [row["label"] for row in rows] == [row["label"] for row in kept]
    assert [row["score"] for row in rows] == pytest.approx([row["score"] for row in kept], rel=1e-4)
