from __future__ import annotations

import numpy as np
import torch

from mmexp.study.explain.kind.tabular import divide, draw
from mmexp.transform.tabular import TabularTransform


def test_a_column_that_is_taken_away_is_missing():
    columns = [
        {"name": "age", "mean": 0.0, "std": 1.0},
        {"name": "job", "values": ["a"]},
        {"name": "city", "values": ["b"]},
    ]
    transform = TabularTransform(columns=columns)
    inputs = transform.collate([transform.prepare({"age": 3, "city": "b"})])
    parts = divide(inputs, transform)
    assert list(parts.names) == ["age", "city"] and parts.place.tolist() == [0, -1, 1]
    assert parts.without(inputs, torch.tensor([[0.0, 1.0]])).mask.tolist() == [[False, False, True]]
    assert "age = 3" in draw(parts, np.array([1.0, -2.0]), inputs, {"age": 3, "city": "b"}, "x")
