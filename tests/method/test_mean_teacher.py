from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import nn

from mmexp.method.mean_teacher import MeanTeacherCallback


def step(callback: MeanTeacherCallback, module: SimpleNamespace, number: int, accumulate: int = 1) -> None:
    trainer = SimpleNamespace(global_step=number, accumulate_grad_batches=accumulate)
    callback.on_train_batch_end(trainer, module, None, None, number)


def test_it_averages_weights_and_takes_what_counts():
    module = SimpleNamespace(model=nn.BatchNorm1d(1))
    callback = MeanTeacherCallback(0.5)
    callback.on_train_start(None, module)
    module.model.weight.data.fill_(3.0)
    module.model.num_batches_tracked.fill_(7)
    step(callback, module, 100)
    assert callback.model.weight.item() == 2.0 and callback.model.num_batches_tracked == 7
    assert not callback.model.training and not callback.model.weight.requires_grad and module.model.training
    step(callback, module, 100, accumulate=2)  # more gradients are to come
    assert callback.model.weight.item() == 2.0


def test_the_first_steps_weigh_alike():
    module = SimpleNamespace(model=nn.Linear(1, 1, bias=False))
    callback = MeanTeacherCallback(0.999)
    callback.on_train_start(None, module)
    before = callback.model.weight.item()
    module.model.weight.data.fill_(before + 10)
    step(callback, module, 0)
    assert abs(callback.model.weight.item() - (before + 9)) < 1e-5


def test_frozen_weights_are_left_to_the_student():
    module = SimpleNamespace(model=nn.Linear(1, 1))
    module.model.weight.requires_grad_(False)
    first, second = MeanTeacherCallback(0.5), MeanTeacherCallback(0.5)
    first.on_train_start(None, module)
    assert list(first.state_dict()["weights"]) == ["bias"]
    second.load_state_dict(first.state_dict())
    second.on_train_start(None, module)
    assert torch.equal(second.model.weight, module.model.weight)


def test_a_resumed_run_goes_on_with_the_average():
    module = SimpleNamespace(model=nn.Linear(1, 1))
    first, second = MeanTeacherCallback(0.5), MeanTeacherCallback(0.5)
    assert first.state_dict() == {}
    first.on_train_start(None, module)
    module.model.weight.data.add_(1)
    second.load_state_dict(first.state_dict())
    second.on_train_start(None, module)
    assert torch.equal(second.model.weight, first.model.weight) and not torch.equal(
        second.model.weight, module.model.weight
    )
