from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mmexp.contract import Batch
from mmexp.error import NumericsError
from mmexp.training.callback.metrics_logger import MetricsLogger


class Loop:
    """Plays a trainer: per batch the values of two losses; their sum is divided as Lightning does it."""

    def __init__(
        self, every: int = 2, accumulate: int = 1, device: str = "cpu", replay: Path = Path(os.devnull)
    ) -> None:
        self.rows: list[dict[str, float]] = []
        self.counts: dict[str, float] = {}
        self.metrics_logger = MetricsLogger(
            write=self.rows.append, every=every, per_epoch=4, replay=replay, counts=lambda: self.counts
        )
        self.progress = SimpleNamespace(ready=0)
        self.trainer: Any = SimpleNamespace(
            global_step=0,
            accumulate_grad_batches=accumulate,
            optimizers=[SimpleNamespace(param_groups=[{"lr": 0.25}])],
            fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=SimpleNamespace(current=self.progress))),
            callback_metrics={},
            state=SimpleNamespace(fn="fit"),
            strategy=SimpleNamespace(reduce=lambda means, reduce_op: means),
        )
        self.module: Any = SimpleNamespace(device=torch.device(device), results={"val": {"val/accuracy": 0.5}})

    def run(self, *losses: float) -> None:
        for value in losses:
            number = self.progress.ready
            self.progress.ready += 1
            self.trainer.global_step = self.progress.ready // self.trainer.accumulate_grad_batches
            total = torch.tensor(3 * value / self.trainer.accumulate_grad_batches)
            outputs = {"loss": total, "a": torch.tensor(value), "b": torch.tensor(2 * value)}
            batch = Batch({}, {}, tuple(f"s{number}-{i}" for i in range(10)))
            self.metrics_logger.on_train_batch_end(self.trainer, self.module, outputs, batch, number)

    def told(self, *names: str) -> list[tuple[float, ...]]:
        return [tuple(row[name] for name in names) for row in self.rows]


def test_a_row_is_the_mean_since_the_last_one():
    loop = Loop(every=2)
    loop.run(1.0, 3.0, 5.0, 7.0, 100.0)
    assert loop.told("step", "epoch", "train/loss", "train/a", "train/b") == [(2, 0.5, 6, 2, 4), (4, 1, 18, 6, 12)]
    assert all(row["train/lr"] == 0.25 and row["time"] >= 0 for row in loop.rows)
    assert loop.metrics_logger.latest["train/loss"] == 18


def test_with_gathered_gradients_rows_count_optimizer_steps_and_losses_are_whole():
    loop = Loop(every=2, accumulate=2)
    loop.run(1.0, 3.0, 5.0, 7.0)
    assert loop.told("step", "train/loss", "train/a") == [(2, 12, 4)]


def test_a_validation_writes_the_losses_so_far_first():
    loop = Loop(every=10)
    loop.run(1.0, 2.0)
    loop.metrics_logger.on_validation_end(loop.trainer, loop.module)
    assert [set(row) - {"step", "epoch", "time"} for row in loop.rows] == [
        {"train/loss", "train/a", "train/b", "train/lr"},
        {"val/accuracy"},
    ]
    loop.metrics_logger.on_validation_end(loop.trainer, loop.module)
    assert len(loop.rows) == 3


def test_an_evaluation_after_training_writes_nothing():
    loop = Loop()
    loop.run(1.0)
    loop.trainer.state.fn = "validate"
    loop.metrics_logger.on_validation_end(loop.trainer, loop.module)
    assert loop.rows == []


@pytest.mark.parametrize("stop", [1, 2, 3, 5])
def test_a_resumed_metrics_logger_writes_the_rows_of_one_that_was_never_stopped(stop):
    losses = [0.1, 0.7, 0.3, 0.9, 0.5, 0.2]
    whole, first, second = Loop(every=3), Loop(every=3), Loop(every=3)
    whole.run(*losses)
    first.run(*losses[:stop])
    first.metrics_logger.check(first.trainer)
    second.metrics_logger.load_state_dict(first.metrics_logger.state_dict())
    second.metrics_logger.on_train_start(second.trainer, second.module)
    second.progress.ready = stop
    second.run(*losses[stop:])
    rows = [{key: value for key, value in row.items() if key != "time"} for row in first.rows + second.rows]
    assert rows == [{key: value for key, value in row.items() if key != "time"} for row in whole.rows]


def test_time_does_not_run_between_a_stop_and_going_on(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("mmexp.training.callback.metrics_logger.time", SimpleNamespace(monotonic=lambda: now[0]))
    metrics_logger = MetricsLogger(write=print, every=1, per_epoch=1, replay=Path(os.devnull), counts=dict)
    now[0] = 130.0
    state = metrics_logger.state_dict()
    now[0] = 5.0
    resumed = MetricsLogger(write=print, every=1, per_epoch=1, replay=Path(os.devnull), counts=dict)
    resumed.load_state_dict(state)
    now[0] = 7.5
    assert (state["seconds"], resumed.seconds) == (30.0, 32.5)


@pytest.mark.parametrize(("value", "word"), [(float("nan"), "nan"), (float("inf"), "inf"), (-float("inf"), "-inf")])
def test_a_loss_that_is_not_finite_is_refused_by_name_step_and_samples(value, word):
    loop = Loop(every=10)
    loop.run(1.0, 2.0)
    with pytest.raises(NumericsError) as caught:
        loop.run(value)
    ids = ", ".join(f"s2-{i}" for i in range(8))
    said = f"Training: loss 'a' must be finite, got {word} at step 3 on the samples {ids} ...."
    assert str(caught.value) == said and caught.value.hint.endswith(f"The samples are listed in {os.devnull}.")
    assert "lower optimizer.lr" in caught.value.hint


def test_on_a_gpu_losses_are_looked_at_only_when_a_row_is_due_or_a_state_is_saved():
    loop = Loop(every=4, accumulate=2, device="cuda")
    loop.run(1.0, 2.0, float("nan"), 3.0, 4.0)
    with pytest.raises(NumericsError, match=r"got nan at step 2 on the samples s2-0, s2-1"):
        loop.metrics_logger.check(loop.trainer)
    with pytest.raises(NumericsError, match=r"got nan at step 2 on the samples s2-0, s2-1"):
        loop.run(5.0, 6.0, 7.0)
    assert loop.rows == []
