"""A small model of two modalities, with a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from mmexp.contract import Batch, Padded, Tokens
from mmexp.fusion.concat import ConcatFusion
from mmexp.missing.mask import MaskMissing
from mmexp.pool.mean import MeanPool
from mmexp.task.classification import Classification
from mmexp.transform.label import Labels

DIM = 4


class Toy(nn.Module):
    """Two encoders, a fusion and a task, as a model has them."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoders = nn.ModuleDict({name: nn.Linear(DIM, DIM) for name in names})
        self.missing = MaskMissing()
        self.fusion = ConcatFusion(dim=DIM, modalities=names, pool=MeanPool())
        self.task = Classification(pool=MeanPool(), dim=DIM, classes=["a", "b"], target="label", dropout=0.0)

    def forward(self, batch: Batch) -> Any:
        tokens = {
            name: Tokens(encoder(batch.inputs[name].values).unsqueeze(1), batch.inputs[name].mask.unsqueeze(1))
            for name, encoder in self.encoders.items()
        }
        return self.task(self.missing(tokens), self.fusion, batch)


@pytest.fixture
def make_model() -> Callable[..., Toy]:
    return Toy


@pytest.fixture
def model() -> Toy:
    return Toy("left", "right")


@pytest.fixture
def batch() -> Batch:
    torch.manual_seed(1)
    here = torch.ones(6, dtype=torch.bool)
    inputs = {name: Padded(torch.randn(6, DIM), here) for name in ("left", "right")}
    return Batch(inputs, {"label": Labels(Padded(torch.arange(6) % 2, here), ["a"] * 6)}, tuple("abcdef"))
