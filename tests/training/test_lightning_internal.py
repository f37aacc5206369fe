from __future__ import annotations

import signal
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn, zeros
from torch.optim import SGD, Optimizer

from mmexp.training.lightning_internal import leave_signals_alone, unscale


class Seen(pl.LightningModule):
    """Notes the handler of SIGTERM while it trains for one step."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.handler: object = None

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        self.handler = signal.getsignal(signal.SIGTERM)
        return self.layer(batch[0]).sum()

    def configure_optimizers(self) -> Optimizer:
        return SGD(self.parameters(), lr=0.1)

    def train_dataloader(self) -> list[Tensor]:
        return [zeros(1, 1)]


def train(alone: bool) -> object:
    module = Seen()
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(max_steps=1, accelerator="cpu", enable_checkpointing=False, **quiet)
    if alone:
        leave_signals_alone(trainer)
    trainer.fit(module)
    return module.handler


def test_the_handlers_of_signals_stay_as_they_were() -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert train(alone=True) == before
    assert signal.getsignal(signal.SIGTERM) == before


def test_lightning_would_set_its_own() -> None:
    assert train(alone=False) != signal.getsignal(signal.SIGTERM)


@pytest.mark.parametrize("fused", [False, True])
def test_a_gradient_is_unscaled_once_and_a_step_that_overflows_lowers_the_scale(fused):
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.AdamW([weight], lr=0.1, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    trainer: Any = SimpleNamespace(precision_plugin=SimpleNamespace(scaler=scaler))
    for value in (3.0, float("inf")):
        before = weight.detach().clone()
        scaler.scale((weight * value).sum()).backward()
        if not fused:
            scaler.unscale_(optimizer)  # as Lightning does
        unscale(trainer, optimizer)
        assert weight.grad.tolist() == [value] * 2
        if value == float("inf"):
            optimizer.zero_grad(set_to_none=True)
        scaler.step(optimizer)
        scaler.update()
        assert torch.equal(weight, before) == (value == float("inf"))
        optimizer.zero_grad()
    assert scaler.get_scale() == 512


def test_without_a_scaler_nothing_is_unscaled():
    unscale(SimpleNamespace(precision_plugin=SimpleNamespace()), torch.optim.AdamW([torch.nn.Parameter(torch.ones(1))]))
