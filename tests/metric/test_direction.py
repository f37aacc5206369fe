from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import MeanAbsoluteError, MeanMetric, Metric, MetricCollection

from mmexp.metric.direction import directions
from mmexp.metric.named import NamedMetrics


class Several(Metric):
    lower_is_better = ("median",)

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, value: Tensor) -> None:
        self.total += value.sum()

    def compute(self) -> dict[str, Tensor]:
        return {"r1": self.total, "median": self.total}


def collection() -> MetricCollection:
    made = MetricCollection(
        {"mae": MeanAbsoluteError(), "ranks": Several(), "size": MeanMetric()}, compute_groups=False
    )
    made["mae"].update(torch.ones(2), torch.zeros(2))
    made["ranks"].update(torch.ones(2))
    made["size"].update(torch.ones(2))
    return made


def test_each_reported_value_has_the_direction_that_its_metric_declares():
    metrics = collection()
    metrics.compute()
    assert directions(metrics) == {"mae": "min", "r1": "max", "median": "min"}


def test_the_metrics_of_several_tasks_have_their_names_in_front():
    metrics = NamedMetrics({"label": collection()})
    metrics.compute()
    assert directions(metrics) == {"label_mae": "min", "label_r1": "max", "label_median": "min"}
