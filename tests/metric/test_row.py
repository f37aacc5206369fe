from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from mmexp.metric.row import RowMetric


class MeanLength(RowMetric):
    higher_is_better = False

    def __init__(self) -> None:
        super().__init__()
        self.add_state("letters", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("rows", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.letters += sum(len(row["label"]) for row in rows)
        self.rows += len(rows)

    def compute(self) -> Tensor:
        return self.letters / self.rows


def test_a_row_metric_accumulates_rows_of_several_batches():
    metric = MeanLength()
    metric.update([{"label": "abc"}, {"label": "a"}])
    metric.update([{"label": "ab"}])
    assert metric.compute() == 2
    metric.reset()
    metric.update([{"label": "a"}])
    assert metric.compute() == 1


def test_update_and_compute_are_left_to_the_subclass():
    with pytest.raises(TypeError, match="abstract"):
        RowMetric()
