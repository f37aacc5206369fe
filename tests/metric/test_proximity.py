from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from mmexp.metric.proximity import NeighbourAccuracy


def measured(vectors: torch.Tensor, classes: torch.Tensor, parts: int = 1, **options: object) -> float:
    metric = NeighbourAccuracy(**options)
    for rows in torch.arange(len(vectors)).chunk(parts):
        metric.update(vectors[rows], classes[rows])
    return metric.compute().item()


def test_each_sample_is_judged_by_the_others_as_sklearn_would():
    vectors, classes = torch.randn(40, 5), torch.randint(0, 3, (40,)) * 10**12
    vectors += torch.nn.functional.one_hot(classes // 10**12, 5)
    right = []
    for i in range(40):
        others = [j for j in range(40) if j != i]
        judge = KNeighborsClassifier(7, metric="cosine", weights=lambda distances: np.exp((1 - distances) / 0.07))
        judge.fit(vectors[others].double(), classes[others])
        right.append(judge.predict(vectors[i : i + 1].double())[0] == classes[i].item())
    assert 0.3 < np.mean(right) < 1
    assert measured(vectors, classes, neighbours=7) == pytest.approx(np.mean(right))
    assert measured(vectors, classes, parts=3, neighbours=7, chunk=9) == pytest.approx(np.mean(right))


def test_only_the_direction_counts_and_all_vote_if_there_are_few():
    vectors = torch.tensor([[1.0, 0], [9, 1], [0, 1], [0, 5]])
    assert measured(vectors, torch.tensor([4, 4, 7, 7])) == 1
    assert measured(vectors, torch.tensor([4, 7, 4, 7])) == 0


@pytest.mark.parametrize("rows", [0, 1])
def test_of_nothing_to_compare_it_is_no_number(rows):
    metric = NeighbourAccuracy()
    metric.update(torch.ones(rows, 2), torch.ones(rows, dtype=torch.long))
    assert math.isnan(metric.compute())


def test_neighbours_that_are_equally_near_share_their_votes_in_any_order():
    """Of a representation that has collapsed nothing is right, whichever sample stands first."""
    classes = torch.tensor([0, 0, 1, 1])
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        metric = NeighbourAccuracy(neighbours=1)
        metric.update(torch.ones(4, 3), classes[order])
        assert metric.compute() == 0
