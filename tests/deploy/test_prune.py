from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from mmexp.deploy.prune import layers, prune, prune_weights
from mmexp.error import ConfigError, MmexpError
from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import restore
from mmexp.run.folder import RunFolder
from mmexp.run.summary import row


def test_the_smallest_weights_of_all_layers_become_zero_for_good(model):
    before = torch.cat([layer.weight.detach().flatten() for layer in layers(model)])
    prune_weights(model, 0.4, structured=False)
    after = torch.cat([layer.weight.detach().flatten() for layer in layers(model)])
    threshold = before.abs().sort().values[round(0.4 * len(before)) - 1]
    assert torch.equal(after, before.masked_fill(before.abs() <= threshold, 0))
    assert not any(name.endswith(("_orig", "_mask")) for name in model.state_dict())


def test_weights_in_channels_last_are_pruned(model):
    layer = model.encoders.image = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    before = (layer.weight == 0).sum()
    prune_weights(model, 0.5, structured=False)
    assert (layer.weight == 0).sum() > before


def test_structured_pruning_takes_whole_outputs_but_none_of_the_heads(model):
    head = [value.clone() for value in model.task.state_dict().values()]
    prune_weights(model, 0.25, structured=True)
    (layer, *_) = layers(model.encoders)
    assert (~layer.weight.any(1)).sum() == 2  # of 8
    assert all(torch.equal(one, other) for one, other in zip(head, model.task.state_dict().values(), strict=True))


def test_the_result_stands_for_a_run_and_is_measured_before_and_after(trained_run, tmp_path):
    trained, known = restore(trained_run), row(trained_run)
    read = split_samples(trained)
    to = tmp_path / "pruned"
    found = prune(known, trained, read, amount=0.5, structured=False, most=1.0, to=to)
    before, after = found["ways"]
    assert before["zeros"] < 0.2 < after["zeros"] and before["bytes"] == after["bytes"]
    assert before["value"] == pytest.approx(known.metrics["test/accuracy"])
    assert 0 < after["p50_ms"] <= after["p95_ms"] and before["drop"] == 0
    again = restore(RunFolder.find(str(to)))
    assert again.evaluate(split_samples(again).samples, "test")["test/accuracy"] == pytest.approx(after["value"])


def test_of_frozen_weights_the_result_holds_the_pruned_ones(lab, tiny_bert, tmp_path):
    lab.overrides = [one for one in lab.overrides if not one.startswith("encoder/text")]
    words = ["encoder/text=hf", f"encoder.text.model={tiny_bert}", "inputs=[text]", "fusion=none", "training.epochs=1"]
    run = lab.train(*words, "method=frozen")
    trained, to = restore(run), tmp_path / "pruned"
    read, before = split_samples(trained), list(trained.predict(split_samples(trained).samples))
    assert trained.stores
    (_, after) = prune(row(run), trained, read, amount=0.9, structured=False, most=None, to=to)["ways"]
    again = restore(RunFolder.find(str(to)))
    wanted = list(replace(trained, stores={}).predict(read.samples))
    assert list(again.predict(read.samples)) == wanted != before
    assert after["value"] == again.evaluate(read.samples, "test")["test/accuracy"]


def test_a_drop_that_is_too_large_keeps_nothing(trained_run, tmp_path):
    trained = restore(trained_run)
    ways = {"amount": 0.5, "structured": False, "most": -1.0, "to": tmp_path / "pruned"}
    with pytest.raises(MmexpError, match=r"drop of test/accuracy must be at most -1.0, got"):
        prune(row(trained_run), trained, split_samples(trained), **ways)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("amount", [0.0, 1.0, float("nan")])
def test_an_amount_out_of_range_is_refused(trained_run, tmp_path, amount):
    with pytest.raises(ConfigError, match=f"--amount must be above 0 and below 1, got {amount}"):
        prune(row(trained_run), None, None, amount=amount, structured=False, most=None, to=tmp_path / "x")
