from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import ndcg_score

from mmexp.metric.recommendation import AT, LISTED, RecommendationScores, lists, ranks

ITEMS = 40


def given(rows: int = 60) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    scores, targets = torch.randn(rows, ITEMS), torch.randint(ITEMS, (rows,))
    scores[torch.arange(rows), targets] += 1.5
    return scores, torch.rand(ITEMS).expand(rows, -1), targets


def measured(scores: torch.Tensor, popularity: torch.Tensor, targets: torch.Tensor, size: int = 7) -> dict[str, float]:
    metric = RecommendationScores(items=ITEMS)
    for part in torch.arange(len(targets)).split(size):
        metric.update(scores[part], popularity[part], targets[part])
    return {name: float(value) for name, value in metric.compute().items()}


def test_ndcg_agrees_with_sklearn_and_all_else_with_plain_loops():
    scores, popularity, targets = given()
    found = measured(scores, popularity, targets)
    right = np.eye(ITEMS)[targets.numpy()]
    assert found["ndcg_at_10"] == pytest.approx(ndcg_score(right, scores.numpy(), k=LISTED), abs=1e-6)
    assert found["popularity_ndcg_at_10"] == pytest.approx(ndcg_score(right, popularity.numpy(), k=LISTED), abs=1e-6)
    orders = [sorted(range(ITEMS), key=lambda i: -row[i]) for row in scores.tolist()]
    places = [1 + order.index(target) for order, target in zip(orders, targets.tolist(), strict=True)]
    for k in AT:
        assert found[f"recall_at_{k}"] == pytest.approx(sum(place <= k for place in places) / len(places))
    assert found["mrr"] == pytest.approx(sum(1 / place for place in places) / len(places))
    assert found["coverage"] == len({item for order in orders for item in order[:LISTED]}) / ITEMS
    assert 0 < found["recall_at_1"] < found["recall_at_20"] < 1


def test_batches_do_not_matter():
    assert measured(*given(), size=1) == pytest.approx(measured(*given(), size=60))


def test_ties_count_against_the_model():
    scores = torch.zeros(3, ITEMS)
    assert ranks(scores, torch.tensor([0, 1, 2])).tolist() == [ITEMS] * 3
    assert measured(scores, scores, torch.tensor([0, 1, 2]))["recall_at_20"] == 0


def test_what_is_no_candidate_or_not_to_be_recommended_or_no_number_is_not_found():
    scores, popularity, targets = given(4)
    scores[1, targets[1]], scores[2, targets[2]] = -torch.inf, torch.nan
    targets[0] = -100
    assert ranks(scores, targets)[:3].tolist() == [math.inf, ITEMS, ITEMS]
    found = measured(scores[:1], popularity[:1], targets[:1])
    assert {value for name, value in found.items() if name != "coverage"} == {0.0}


def test_a_list_is_the_best_first_and_as_long_as_there_are_items():
    scores = torch.tensor([[0.1, 3.0, 2.0]])
    assert lists(scores).tolist() == [[1, 2, 0]]
    assert lists(torch.rand(2, ITEMS)).shape == (2, LISTED)


def test_without_samples_nothing_is_known():
    scores, popularity, targets = given(1)
    found = measured(scores[:0], popularity[:0], targets[:0])
    assert found.pop("coverage") == 0 and all(map(math.isnan, found.values()))
