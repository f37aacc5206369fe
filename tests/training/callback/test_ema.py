from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmexp.training.callback.ema import AVERAGE, EMACallback


def trainer(step: int = 0, accumulate: int = 1, fn: str = "fit") -> Any:
    return SimpleNamespace(global_step=step, accumulate_grad_batches=accumulate, state=SimpleNamespace(fn=fn))


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))


@torch.no_grad()
def step(
    module: nn.Module, callback: EMACallback, number: int, batch: int | None = None, accumulate: int = 1
) -> Tensor:
    for weight in module.parameters():
        weight.add_(torch.randn_like(weight))
    callback.on_train_batch_end(trainer(number, accumulate), module, {}, None, number - 1 if batch is None else batch)
    return module[0].weight.detach().clone()


def test_the_average_agrees_with_the_sum_written_out():
    module, callback = net(), EMACallback(0.8)
    callback.on_train_start(trainer(), module)
    expected = module[0].weight.detach().clone()
    for number in range(1, 40):
        own = step(module, callback, number)
        decay = min(0.8, (number + 1) / (number + 10))
        expected = decay * expected + (1 - decay) * own
    torch.testing.assert_close(callback.average["0.weight"], expected)


def test_the_average_moves_with_optimizer_steps_not_with_batches():
    module, callback = net(), EMACallback(0.8)
    callback.on_train_start(trainer(), module)
    before = callback.average["0.weight"].clone()
    step(module, callback, 0, batch=0, accumulate=2)
    assert torch.equal(callback.average["0.weight"], before)
    step(module, callback, 1, batch=1, accumulate=2)
    assert not torch.equal(callback.average["0.weight"], before)


@pytest.mark.parametrize(("fn", "lent"), [("fit", True), ("validate", False), ("test", False)])
def test_a_validation_while_training_sees_the_average_and_gives_the_weights_back(fn, lent):
    module, callback = net(), EMACallback(0.8)
    callback.on_train_start(trainer(), module)
    own = step(module, callback, 1)
    callback.on_validation_start(trainer(fn=fn), module)
    seen = callback.average["0.weight"] if lent else own
    assert torch.equal(module[0].weight, seen) and torch.equal(module[0].weight, own) != lent
    callback.on_validation_epoch_end(trainer(fn=fn), module)
    assert torch.equal(module[0].weight, own)


def test_counters_are_not_averaged_and_statistics_are():
    callback = EMACallback(0.8)
    callback.on_train_start(trainer(), net())
    assert set(callback.average) == {"0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"}


def test_a_resumed_average_continues_where_it_was():
    module, whole = net(), EMACallback(0.8)
    whole.on_train_start(trainer(), module)
    step(module, whole, 1)
    checkpoint: dict[str, Any] = {}
    whole.on_save_checkpoint(trainer(), module, checkpoint)
    checkpoint = {AVERAGE: {name: value.clone() for name, value in checkpoint[AVERAGE].items()}}
    resumed = EMACallback(0.8)
    resumed.on_load_checkpoint(trainer(), module, checkpoint)
    resumed.on_train_start(trainer(), module)
    for callback in (whole, resumed):
        torch.manual_seed(1)
        module[0].load_state_dict({"weight": torch.ones(2, 2), "bias": torch.ones(2)})
        step(module, callback, 2)
    assert torch.equal(whole.average["0.weight"], resumed.average["0.weight"])
