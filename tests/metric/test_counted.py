from __future__ import annotations

from torchmetrics import MeanMetric, MetricCollection

from mmexp.metric.caption import Bleu
from mmexp.metric.counted import counted


def test_it_names_the_metrics_that_count_tokens():
    metrics = MetricCollection({"loss": MeanMetric(), "bleu1": Bleu(order=1, tokenize="blanks")}, compute_groups=False)
    assert counted(metrics) == {"bleu1": "blanks"}
