from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmexp.contract import Batch
from mmexp.training.callback.memory_probe import MemoryProbe


class Model(nn.Module):
    """Asks for more memory than there is if a batch has more samples than ``most``."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.weight = most, nn.Parameter(torch.ones(1))

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        return {"loss": self.weight.sum() + torch.ones(1 << 50 if len(batch) > self.most else 1).sum()}


def probed(most: int, size: int = 9, world: int = 1, error: type[Exception] | None = None) -> int | None:
    probe, model, trainer = MemoryProbe(), Model(most), SimpleNamespace(world_size=world)
    batch = Batch({}, {}, tuple(map(str, range(size))))
    where: tuple[Any, Any] = (trainer, model)
    probe.on_train_batch_start(*where, batch, 0)
    try:
        if error:
            raise error("out of memory")
        model.training_step(batch, 0)
        probe.on_train_batch_end(trainer)
        raise MemoryError
    except Exception as caught:
        probe.on_exception(*where, caught)
    return probe.largest


@pytest.mark.parametrize(("most", "largest"), [(5, 4), (3, 2), (1, 1), (0, None)])
def test_a_batch_is_halved_until_it_fits(most, largest):
    assert probed(most) == largest


def test_nothing_is_tried_with_several_processes_at_another_error_or_outside_of_a_step():
    assert probed(5, world=2) is None
    assert probed(5, error=ValueError) is None
    assert probed(9) is None
