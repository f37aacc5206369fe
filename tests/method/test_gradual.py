from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmexp.encoder.backbone import BackboneModule, Origin
from mmexp.method.gradual import GradualMethod, UnfreezeCallback, heights_of, longest_stack


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(2, 2, bias=False)
        self.layers = nn.ModuleList(nn.Sequential(nn.Linear(2, 2, bias=False)) for _ in range(3))
        self.norm = nn.LayerNorm(2, bias=False)


def make() -> nn.Module:
    model = nn.Module()
    model.encoders = nn.ModuleDict({"text": Encoder(), "vector": nn.Linear(2, 2, bias=False)})
    model.task = nn.Linear(2, 2)
    return model


HEIGHTS = {
    "encoders.text.embed.weight": 4,
    "encoders.text.layers.0.0.weight": 3,
    "encoders.text.layers.1.0.weight": 2,
    "encoders.text.layers.2.0.weight": 1,
    "encoders.text.norm.weight": 1,
    "encoders.vector.weight": 1,
}


def test_heights_are_counted_from_the_top_of_the_longest_stack():
    assert heights_of(make()) == HEIGHTS
    assert longest_stack(Encoder()) == ("layers.", 3) and longest_stack(nn.Linear(1, 1)) == (None, 0)


def test_a_decoder_that_has_read_weights_counts_as_an_encoder():
    model, decoder = make(), BackboneModule()
    decoder.backbone, decoder.origin, decoder.query = Encoder(), Origin("m", pretrained=True), nn.Linear(2, 2)
    model.task.decoder = decoder
    own = {name.replace("encoders.text", "task.decoder.backbone"): h for name, h in HEIGHTS.items() if "text" in name}
    assert heights_of(model) == {**HEIGHTS, **own}


def test_lower_layers_learn_more_slowly():
    method = GradualMethod(decay=0.5)
    method.prepare(make())
    assert method.scale("encoders.text.embed.weight") == 0.5**4 and method.scale("task.weight") == 1.0


@pytest.mark.parametrize(("batch", "trained"), [(0, 0), (9, 0), (10, 1), (25, 2), (40, 4)])
def test_a_layer_trains_once_its_epoch_has_come(batch, trained):
    model = make()
    for weight in model.parameters():
        weight.grad = torch.ones_like(weight)
    progress = SimpleNamespace(batch_progress=SimpleNamespace(current=SimpleNamespace(ready=batch + 1)))
    trainer = SimpleNamespace(fit_loop=SimpleNamespace(epoch_loop=progress), datamodule=SimpleNamespace(per_epoch=5))
    UnfreezeCallback(HEIGHTS, 2.0).on_after_backward(trainer, SimpleNamespace(model=model))
    kept = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert kept == {"task.weight", "task.bias", *(name for name, height in HEIGHTS.items() if height <= trained)}


def test_without_a_schedule_all_train_from_the_start():
    assert GradualMethod(every=0).callbacks() == [] and len(GradualMethod().callbacks()) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"every": -1.0}, r"every must be at least 0, got -1\.0"),
        ({"decay": 0.0}, r"decay must be in \(0, 1\], got 0\.0"),
    ],
)
def test_numbers_out_of_range_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        GradualMethod(**options)
