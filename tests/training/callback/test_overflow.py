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
    """Plays the module, on a CPU as if on the given device."""

    def __init__(self, device: str) -> None:
        super().__init__(2, 2)
        self.device = torch.device(device)

    def gradient_norm(self) -> torch.Tensor:
        return nn.utils.get_total_norm([weight.grad for weight in self.parameters()])


class Loop:
    """Plays a trainer: takes optimizer steps on gradients of the given value, with AdamW and two batches per step."""

    def __init__(self, path: Path, on_overflow: Any = "skip", limit: int = 3, device: str = "cpu") -> None:
        self.warned: list[str] = []
        self.callback = OverflowCallback(on_overflow=on_overflow, limit=limit, replay=path, warn=self.warned.append)
        self.model: Any = Weights(device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.1, weight_decay=0.1, fused=True)
        self.trainer: Any = SimpleNamespace(global_step=0, accumulate_grad_batches=2)
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


@pytest.mark.parametrize("first", [1.0, float("inf")])
def test_on_a_gpu_a_step_is_skipped_without_a_look_at_its_gradient_and_counted_later(tmp_path, first):
    loop, other = Loop(tmp_path / "replay.json", device="cuda"), Loop(tmp_path / "replay.json")
    other.model.load_state_dict(loop.model.state_dict())
    loop.step(first, 1.0, float("inf"), float("nan"), 2.0)
    other.step(*[first] * (first == 1), 1.0, 2.0)
    assert all(map(torch.equal, loop.model.state_dict().values(), other.model.state_dict().values()))
    at_once = int(first != 1)
    assert (loop.callback.skipped, len(loop.warned)) == (at_once, at_once)
    assert loop.callback.counts() == {"train/overflows": 2 + at_once} and len(loop.warned) == 1


def test_on_a_gpu_too_many_in_a_row_end_the_run_when_they_are_counted(tmp_path):
    path = tmp_path / "replay.json"
    loop = Loop(path, device="cuda")
    loop.step(1.0, *[float("nan")] * 4)
    with pytest.raises(NumericsError, match=r"got 3 in a row that are not at step 4\."):
        loop.callback.state_dict()
    assert [batch["number"] for batch in json.loads(path.read_text())["batches"]] == [*range(2, 8)]
