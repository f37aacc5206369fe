from __future__ import annotations

import torch

from mmexp.metric.mean import MeanError, MeanScore


def test_both_average_and_differ_in_their_direction():
    for metric, higher in ((MeanScore(), True), (MeanError(), False)):
        metric.update(torch.tensor(1.0), weight=3)
        metric.update(torch.tensor(5.0), weight=1)
        assert metric.compute() == 2 and metric.higher_is_better is higher
