from __future__ import annotations

import torch

from mmexp.attack.space.tabular import space
from mmexp.contract import Padded
from mmexp.transform.tabular import TabularTransform


def test_numbers_that_a_row_has_may_change_and_categories_may_not():
    columns = [
        {"name": "age", "mean": 40.0, "std": 9.0},
        {"name": "town", "values": ["a"]},
        {"name": "kg", "mean": 0, "std": 1},
    ]
    transform = TabularTransform(columns=columns)
    rows = transform.collate([transform.prepare({"age": 49, "town": "a"}), None])
    found = space(rows, transform, {})
    assert found.values[0].tolist() == [1.0, 1.0, 0.0]
    assert found.unit.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert isinstance(rows, Padded) and torch.equal(found.ball(0.0).project(found.values + 1), found.values)
