from __future__ import annotations

import numpy as np
import torch

from mmexp.metric.regression import pearson

ROWS = [{"prediction": float(x), "target": float(x + e)} for x, e in np.random.default_rng(0).normal(size=(40, 2))]


def test_pearson_follows_from_numbers(check):
    def measure(rows):
        return float(pearson(*torch.tensor([list(row.values()) for row in rows], dtype=torch.float64).T))

    check("pearson", ROWS, measure)
