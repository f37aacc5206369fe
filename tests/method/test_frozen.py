from __future__ import annotations

import pytest
import torch
from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.backbone import BackboneEncoder, Origin
from mmexp.error import ConfigError
from mmexp.method.frozen import FrozenMethod


class Small(BackboneEncoder):
    def __init__(self, pretrained: bool) -> None:
        super().__init__()
        self.backbone, self.head = nn.Linear(3, 4), nn.Linear(4, 2)
        self.origin = Origin("m", pretrained=pretrained)

    def extract(self, inputs: Padded) -> Tokens:
        raise NotImplementedError

    def adapt(self, features: Tokens) -> Tokens:
        raise NotImplementedError


@pytest.fixture
def model() -> nn.Module:
    return nn.ModuleDict({"image": Small(True), "text": Small(False), "task": nn.Linear(2, 2)}).requires_grad_(False)


def frozen(model: nn.Module) -> list[str]:
    return [name for name, weight in model.named_parameters() if not weight.requires_grad]


def test_pretrained_backbones_are_frozen_and_all_else_is_trained(model: nn.Module):
    FrozenMethod().prepare(model)
    assert frozen(model) == ["image.backbone.weight", "image.backbone.bias"]


@pytest.mark.parametrize(
    ("part", "names"),
    [("text", 4), ("text.head.bias", 1), ("*.bias", 5), ("image.backbone", 2), ("*", 10)],
)
def test_parts_are_names_or_patterns(model: nn.Module, part: str, names: int):
    FrozenMethod(parts=[part]).prepare(model)
    assert len(frozen(model)) == names


def test_a_part_that_is_none_is_refused(model: nn.Module):
    with pytest.raises(ConfigError, match=r"parts must name weights, such as those of image.backbone, .*; got 'imag'"):
        FrozenMethod(parts=["imag"]).prepare(model)


def test_without_a_pretrained_encoder_there_is_nothing_to_freeze():
    with pytest.raises(ConfigError, match="frozen must have a pretrained encoder to freeze, got none") as error:
        FrozenMethod().prepare(nn.Linear(2, 2))
    assert "encoder/text=hf" in error.value.hint


def test_what_is_frozen_gets_no_gradient(model: nn.Module):
    FrozenMethod(parts=["task.weight"]).prepare(model)
    model["task"](torch.ones(1, 2)).sum().backward()
    assert model["task"].weight.grad is None and model["task"].bias.grad is not None
