from __future__ import annotations

import copy

import pytest
import torch

from mmexp.config.compose import compose
from mmexp.config.instantiate import instantiate
from mmexp.error import ConfigError
from mmexp.method.base import Method
from mmexp.method.blending import BlendingMethod
from mmexp.method.distill import DistillMethod
from mmexp.method.frozen import FrozenMethod
from mmexp.method.gradual import GradualMethod
from mmexp.method.lora import LoraMethod
from mmexp.method.ogm_ge import OGMGEMethod
from mmexp.method.pseudo_label import PseudoLabelMethod

FROZEN = FrozenMethod(parts=["encoders.left"])
OBJECTIVES = [
    BlendingMethod(trains=FROZEN),
    DistillMethod(trains=FROZEN, teacher="x"),
    OGMGEMethod(trains=FROZEN),
    PseudoLabelMethod(trains=FROZEN),
]


def built(*words: str) -> Method:
    method: Method = instantiate("method", compose(list(words)).plain()["method"])
    return method


@pytest.mark.parametrize("method", OBJECTIVES, ids=lambda one: type(one).__name__)
def test_an_objective_trains_what_the_method_it_is_given_trains(method, model):
    method.prepare(model)
    frozen = {name for name, weight in model.named_parameters() if not weight.requires_grad}
    assert frozen == {"encoders.left.weight", "encoders.left.bias"}


def test_learning_rates_and_callbacks_are_those_of_the_method_it_is_given(model):
    gradual = GradualMethod(every=1.0, decay=0.5)
    method = PseudoLabelMethod(trains=gradual)
    method.prepare(model)
    assert method.scale("encoders.left.weight") == 0.5 == gradual.scale("encoders.left.weight")
    assert [type(one).__name__ for one in method.callbacks()][:2] == ["UnfreezeCallback", "MeanTeacherCallback"]


def test_an_objective_of_an_objective_counts_as_well(model, batch):
    method = BlendingMethod(trains=DistillMethod(trains=FROZEN, teacher="run"))
    method.prepare(model)
    method.learn_from(copy.deepcopy(model).eval())
    losses = method.losses(model, model(batch), batch)
    assert method.teacher == "run" and set(losses) == {"distill", "unimodal_left", "unimodal_right"}
    torch.stack(list(losses.values())).sum().backward()
    assert model.encoders["left"].weight.grad is None and model.encoders["right"].weight.grad.any()


def test_heads_on_each_modality_are_added_once(model):
    with pytest.raises(ConfigError, match="trains must be a method that adds no heads on each modality, got one that"):
        OGMGEMethod(trains=BlendingMethod(trains=FROZEN)).prepare(model)


def test_what_is_trained_and_by_which_objective_are_chosen_apart():
    plain = built("method=ogm_ge", "method.alpha=0.2")
    assert isinstance(plain, OGMGEMethod) and type(plain.trains).__name__ == "FullMethod" and plain.alpha == 0.2
    adapted = built("method=distill", "method.teacher=x", "method@method.trains=lora", "method.trains.rank=4")
    assert isinstance(adapted, DistillMethod) and isinstance(adapted.trains, LoraMethod) and adapted.trains.rank == 4
