from __future__ import annotations

import numpy as np
import pytest
import torch

from mmexp.metric.precision import AveragePrecision, Found

NAMES = ["cat", "cow", "dog"]
DRAW = np.random.default_rng(0)


def box() -> list[float]:
    return [float(np.float32(value)) for value in (*DRAW.uniform(0, 50, 2), *DRAW.uniform(10, 40, 2))]


def row(number: int) -> dict:
    true = [{"bbox": box(), "category": NAMES[int(DRAW.integers(0, 2 + (number > 3)))]} for _ in range(number % 4)]
    near = [[value + float(np.float32(DRAW.normal(0, 2))) for value in one["bbox"]] for one in true]
    kinds = [one["category"] for one in true] + ["cow"] * 2
    order = np.argsort(-DRAW.random(len(kinds)))
    boxes = [*near, box(), box()]
    scores = np.sort(DRAW.random(len(kinds)).astype(np.float32))[::-1]
    return {
        "boxes": [boxes[i] for i in order],
        "categories": [kinds[i] for i in order],
        "scores": [float(f"{score:.9g}") for score in scores],
        "target": true,
    }


ROWS = [row(number) for number in range(24)]


def found(boxes: list[list[float]], names: list[str], scores: list[float]) -> Found:
    table = torch.tensor(boxes).reshape(-1, 4)
    corners = torch.cat([table[:, :2], table[:, :2] + table[:, 2:]], 1)
    return Found(corners, torch.tensor([NAMES.index(name) for name in names], dtype=torch.long), torch.tensor(scores))


@pytest.mark.parametrize("metric", ["map", "map50"])
def test_average_precision_follows_from_boxes(check, metric):
    def measure(rows):
        precision = AveragePrecision(num_classes=3)
        for one in rows:
            own = [[each["bbox"], each["category"]] for each in one["target"]]
            true = found([each[0] for each in own], [each[1] for each in own], [1.0] * len(own))
            precision.update([found(one["boxes"], one["categories"], one["scores"])], [true])
        return float(precision.compute()[metric])

    assert 0.1 < measure(ROWS) < 1
    check(metric, ROWS, measure)
