from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from mmexp.contract import Batch
from mmexp.error import NumericsError
from mmexp.training.callback.overflow import OverflowCallback


class Weights(nn.Linear):
    """Plays the module."""

    def gradient_norm(self, optimizer: torch.optim.Optimizer) -> torch.Tensor:
        return nn.utils.get_total_norm([weight.grad for weight in self.parameters()])


class Loop:
    """Plays a trainer: takes optimizer steps on gradients of the given value, with AdamW and two batches per step."""

    def __init__(self, path: Path, on_overflow: Any = "skip", limit: int = 3) -> None:
        self.warned: list[str] = []
        self.callback = OverflowCallback(on_overflow=on_overflow, limit=limit, replay=path, warn=self.warned.append)
        self.model: Any = Weights(2, 2)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.1, weight_decay=0.1)
        self.trainer: Any = SimpleNamespace(global_step=0, accumulate_grad_batches=2, is_global_zero=True)
        self.trainer.precision_plugin = SimpleNamespace()

    def step(self, *values: float) -> None:
        for value in values:
            first = 2 * self.trainer.global_step
            for number in (first, first + 1):
                self.callback.on_train_batch_start(self.trainer, self.model, Batch({}, {}, (f"s{number}",)), number)
            for weight in self.model.parameters():
                weight.grad = torch.full_like(weight, value)
            self.callback.on_before_optimizer_step(self.trainer, self.model, self.optimizer)
            self.optimizer.step()
            self.trainer.global_step += 1


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_step_that_overflows_changes_neither_weights_nor_the_optimizer_and_is_counted(tmp_path, value):
    loop, other = Loop(tmp_path / "replay.json"), Loop(tmp_path / "replay.json")
    other.model.load_state_dict(loop.model.state_dict())
    loop.step(1.0, value, value, 2.0, value)
    other.step(1.0, 2.0)
    assert all(map(torch.equal, loop.model.state_dict().values(), other.model.state_dict().values()))
    assert (loop.callback.skipped, loop.callback.counts()) == (3, {"train/overflows": 3})
    assert other.callback.counts() == {}
    assert loop.warned == ["Step 2 is skipped: its gradient is not finite. train/overflows counts such steps."]
    assert not (tmp_path / "replay.json").exists()


def test_too_many_in_a_row_end_the_run_with_the_ids_of_their_samples(tmp_path):
    path = tmp_path / "replay.json"
    loop = Loop(path)
    rule = r"gradient must be finite, got 3 in a row that are not at step 5\."
    with pytest.raises(NumericsError, match=rule) as caught:
        loop.step(1.0, 1.0, *[float("nan")] * 4)
    assert caught.value.hint.endswith(f"The samples are listed in {path}.")
    assert [batch["ids"] for batch in json.loads(path.read_text())["batches"]] == [[f"s{n}"] for n in range(4, 10)]


def test_the_first_ends_the_run_if_asked(tmp_path):
    loop = Loop(tmp_path / "replay.json", on_overflow="raise")
    with pytest.raises(NumericsError, match="gradient must be finite, got another at step 2"):
        loop.step(1.0, float("inf"))
    assert [batch["number"] for batch in json.loads((tmp_path / "replay.json").read_text())["batches"]] == [2, 3]


def test_what_was_counted_is_part_of_the_state(tmp_path):
    loop, resumed = Loop(tmp_path / "replay.json"), Loop(tmp_path / "replay.json")
    loop.step(float("inf"), float("inf"))
    resumed.callback.load_state_dict(loop.callback.state_dict())
    with pytest.raises(NumericsError, match="got 3 in a row"):
        resumed.step(float("inf"))
