from __future__ import annotations

import pytest
from torch import nn

from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.error import ConfigError
from mmexp.method.frozen import FrozenMethod
from mmexp.training.backbones import (
    checkpointed,
    describe,
    left_to_source,
    refuse_other_sources,
    use_checkpoint,
    with_left,
)


@pytest.fixture
def model(tiny_bert: str) -> nn.Module:
    return nn.ModuleDict({"text": HfTextEncoder(dim=4, model=tiny_bert, pretrained=True), "head": nn.Linear(4, 2)})


def test_a_checkpoint_leaves_a_frozen_backbone_to_its_source(model: nn.Module):
    assert left_to_source(model) == set() and checkpointed(model).keys() == model.state_dict().keys()
    FrozenMethod().prepare(model)
    assert {name for name in model.state_dict() if "backbone" in name} == left_to_source(model)
    assert [*checkpointed(model)] == [
        "text.project.weight",
        "text.project.bias",
        "text.norm.weight",
        "text.norm.bias",
        "head.weight",
        "head.bias",
    ]


def test_of_a_backbone_that_is_trained_in_part_the_rest_is_left(model: nn.Module):
    FrozenMethod(parts=["text.backbone.model.embeddings"]).prepare(model)
    left = left_to_source(model)
    assert left and all(name.startswith("text.backbone.model.embeddings.") for name in left)
    assert {name for name, _ in model.named_parameters()} >= left  # no buffers


@pytest.mark.parametrize("read", [True, False], ids=["read", "not read"])
def test_a_backbone_that_a_checkpoint_holds_is_pretrained_and_none_of_it_is_left(tiny_bert: str, read: bool):
    model = nn.ModuleDict({"text": HfTextEncoder(dim=4, model=tiny_bert, pretrained=read)})
    use_checkpoint(model, ["text", "image"])
    FrozenMethod().prepare(model)
    assert not any(one.requires_grad for one in model["text"].backbone.parameters())
    assert checkpointed(model).keys() == model.state_dict().keys()
    assert with_left({"text": {"model": "bert"}}, model) == {"text": {"model": "bert", "left": False}}


def test_a_random_backbone_is_in_the_checkpoint(tiny_bert: str):
    model = nn.ModuleDict({"text": HfTextEncoder(dim=4, model=tiny_bert)}).requires_grad_(False)
    assert left_to_source(model) == set() and describe(model) == {}


def test_other_weights_than_those_a_run_was_trained_with_are_refused(model: nn.Module, tiny_bert: str):
    known = describe(model)
    assert known["text"]["model"] == tiny_bert
    refuse_other_sources(describe(model), known)
    refuse_other_sources(describe(model), {})
    model["text"].backbone.requires_grad_(False)
    next(model["text"].backbone.parameters()).add_(1)
    with pytest.raises(ConfigError, match=r"text: weights of .* must be those that the run was trained with, "):
        refuse_other_sources(describe(model), known)
