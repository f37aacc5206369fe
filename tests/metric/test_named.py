from __future__ import annotations

import pytest
import torch
from torchmetrics import MeanMetric, MetricCollection

from mmexp.metric.named import NamedMetrics
from mmexp.metric.retrieval import RetrievalRanks


def make() -> NamedMetrics:
    return NamedMetrics({name: MetricCollection({"ranks": RetrievalRanks(), "size": MeanMetric()}) for name in "ab"})


def fill(metrics: NamedMetrics) -> None:
    for part, order in zip(metrics.parts.values(), ([0, 1], [1, 0]), strict=True):
        part["ranks"].update(torch.eye(2), torch.eye(2)[order])
        part["size"].update(len(metrics.parts) + order[0])


def test_parts_that_report_the_same_are_told_apart():
    metrics = make()
    fill(metrics)
    values = metrics.compute()
    assert (values["a_recall_at_1"], values["b_recall_at_1"]) == (1, 0)
    assert (values["a_size"], values["b_size"]) == (2, 3)
    assert {name[:2] for name in values} == {"a_", "b_"}


def test_it_is_reset_and_moved_as_a_whole():
    metrics = make()
    fill(metrics)
    assert {metric.dtype for metric in metrics.values()} == {torch.float32}
    metrics.reset()
    assert not any(metric.update_called for part in metrics.parts.values() for metric in part.values())
    fill(metrics)
    assert metrics.compute()["b_size"] == pytest.approx(3)
