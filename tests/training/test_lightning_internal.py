from __future__ import annotations

import signal

import pytorch_lightning as pl
from torch import Tensor, nn, zeros
from torch.optim import SGD, Optimizer

from mmexp.training.lightning_internal import leave_signals_alone


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
