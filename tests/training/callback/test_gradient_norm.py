from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from mmexp.run.metrics import read_metrics
from mmexp.training.callback.gradient_norm import GradientNormCallback


def test_the_norm_is_that_of_all_gradients_together():
    module: Any = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Linear(1, 1, bias=False))
    module[0].weight.grad = torch.tensor([[3.0, 0.0]])
    module[1].weight.grad = torch.tensor([[4.0]])
    logged: dict[str, float] = {}
    module.log = lambda name, value, batch_size: logged.update({name: float(value)})
    GradientNormCallback().on_before_optimizer_step(SimpleNamespace(), module, SimpleNamespace())
    assert logged == {"train/grad_norm": pytest.approx(5)}


def test_it_is_a_column_of_the_training_rows(lab):
    folder = lab.train("callback=gradient_norm", "training.epochs=1")
    rows = [row for row in read_metrics(folder.metrics) if "train/loss" in row]
    assert rows and all(row["train/grad_norm"] > 0 for row in rows)
