from __future__ import annotations

import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from mmexp.training.callback import progress
from mmexp.training.callback.metrics_logger import MetricsLogger
from mmexp.training.callback.progress import ProgressBar


class Loop:
    """Plays a trainer of 3 epochs of 4 batches."""

    def __init__(self, terminal: bool, done: int = 0) -> None:
        self.screen = io.StringIO()
        console = Console(file=self.screen, force_terminal=terminal, width=100, color_system=None)
        self.metrics_logger = MetricsLogger(write=print, every=1, per_epoch=4, replay=Path("replay.json"), counts=dict)
        self.bar = ProgressBar(console=console, metrics_logger=self.metrics_logger, monitor="val/x", per_epoch=4)
        self.progress = SimpleNamespace(ready=done)
        self.trainer: Any = SimpleNamespace(
            is_global_zero=True,
            num_training_batches=12,
            num_val_batches=[3],
            num_test_batches=[2],
            fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=SimpleNamespace(current=self.progress))),
            state=SimpleNamespace(fn="fit"),
        )
        self.module: Any = SimpleNamespace(results={})

    def start(self) -> None:
        self.bar.on_train_start(self.trainer, self.module)

    def batch(self, count: int = 1) -> None:
        for _ in range(count):
            self.progress.ready += 1
            self.metrics_logger.latest = {"train/loss": 1 / self.progress.ready}
            self.bar.on_train_batch_end(self.trainer, self.module, {}, None, self.progress.ready - 1)

    def validate(self, value: float) -> None:
        self.module.results = {"val": {"val/x": value}}
        self.bar.on_validation_end(self.trainer, self.module)

    def evaluate(self, split: str, batches: int, end: bool = True) -> None:
        stage = {"val": "validation", "test": "test"}[split]
        getattr(self.bar, f"on_{stage}_start")(self.trainer, self.module)
        for number in range(batches):
            getattr(self.bar, f"on_{stage}_batch_end")(self.trainer, self.module, None, None, number)
        if end:
            getattr(self.bar, f"on_{stage}_end")(self.trainer, self.module)

    @property
    def lines(self) -> list[str]:
        return [
            line.strip() for line in re.split(r"[\r\n]|\x1b\[[0-9?]*[A-Za-z]", self.screen.getvalue()) if line.strip()
        ]


def test_without_a_terminal_each_validation_is_a_line():
    loop = Loop(terminal=False)
    loop.start()
    loop.batch(4)
    loop.validate(0.0)
    loop.batch(4)
    loop.validate(0.25)
    assert loop.lines == ["training", "epoch 1  loss 0.250  val/x 0.000", "epoch 2  loss 0.125  val/x 0.250"]


def test_other_processes_show_nothing():
    loop = Loop(terminal=False)
    loop.trainer.is_global_zero = False
    loop.start()
    loop.validate(0.5)
    loop.evaluate("test", 2)
    assert loop.lines == []


@pytest.mark.parametrize("end", ["on_train_end", "on_exception"])
def test_on_a_terminal_a_bar_shows_epoch_batches_loss_and_metric_and_goes_away(monkeypatch, end):
    monkeypatch.setattr(progress, "REFRESH", 0.0)
    loop = Loop(terminal=True)
    loop.start()
    assert "0/12" in loop.lines[-1] and "epoch 1 " in loop.lines[-1]
    loop.batch(4)
    assert "4/12" in loop.lines[-1] and "epoch 1" in loop.lines[-1] and "loss 0.250" in loop.lines[-1]
    loop.batch()
    assert "5/12" in loop.lines[-1] and "epoch 2" in loop.lines[-1]
    loop.validate(0.5)
    assert "val/x 0.500" in loop.lines[-1]
    getattr(loop.bar, end)(loop.trainer, loop.module, *([ValueError()] if end == "on_exception" else []))
    before = loop.screen.getvalue()
    loop.batch()
    assert loop.bar.bar is None and loop.screen.getvalue() == before


def test_a_resumed_bar_begins_where_the_run_was():
    loop = Loop(terminal=True, done=9)
    loop.start()
    assert "9/12" in loop.lines[-1] and "epoch 3 " in loop.lines[-1]
    loop.bar.on_train_end(loop.trainer, loop.module)


def test_the_bar_is_drawn_by_the_clock_not_by_the_step(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    loop = Loop(terminal=True)
    loop.start()
    loop.batch(3)
    assert "3/12" not in loop.screen.getvalue()
    now[0] = 1.0
    loop.batch()
    assert "4/12" in loop.lines[-1]
    loop.bar.on_train_end(loop.trainer, loop.module)


@pytest.mark.parametrize(("split", "total"), [("val", 3), ("test", 2)])
def test_an_evaluation_after_training_has_a_bar_of_its_own_that_goes_away(split, total):
    loop = Loop(terminal=True)
    loop.trainer.state.fn = {"val": "validate", "test": "test"}[split]
    loop.evaluate(split, total - 1, end=False)
    loop.bar.bar.refresh()
    assert f"evaluate {split}" in loop.lines[-1] and f"{total - 1}/{total}" in loop.lines[-1]
    loop.evaluate(split, 0)
    assert loop.bar.bar is None


def test_a_validation_while_training_advances_below_the_bar_of_the_training():
    loop = Loop(terminal=True)
    loop.start()
    loop.evaluate("val", 2, end=False)
    loop.bar.bar.refresh()
    assert "2/3" in loop.lines[-1] and "0/12" in loop.lines[-2]
    loop.validate(0.5)
    assert "evaluate" not in loop.lines[-1] and "val/x 0.500" in loop.lines[-1]
    loop.bar.on_train_end(loop.trainer, loop.module)


def test_without_a_terminal_an_evaluation_after_training_is_a_line():
    loop = Loop(terminal=False)
    loop.trainer.state.fn = "test"
    loop.evaluate("test", 2)
    assert loop.lines == ["evaluating test"]
