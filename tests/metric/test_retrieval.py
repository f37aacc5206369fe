from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from mmexp.metric.retrieval import RetrievalRanks, average_precisions, nearest, ranks


def embeddings(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    left = torch.nn.functional.normalize(torch.randn(count, 8), dim=-1)
    right = torch.nn.functional.normalize(left + 0.8 * torch.randn(count, 8), dim=-1)
    return left, right


def full_matrix(queries: torch.Tensor, candidates: torch.Tensor) -> np.ndarray:
    scores = queries.numpy() @ candidates.numpy().T
    order = np.argsort(-scores, axis=1, kind="stable")
    return np.argmax(order == np.arange(len(scores))[:, None], axis=1) + 1


@pytest.mark.parametrize("chunk", [1, 7, 100, 256])
def test_ranks_agree_with_sorting_the_full_matrix(chunk):
    queries, candidates = embeddings(100)
    assert np.array_equal(ranks(queries, candidates, chunk).numpy(), full_matrix(queries, candidates))


def test_recalls_and_median_ranks_agree_with_numpy_in_both_directions():
    queries, candidates = embeddings(101)
    metric = RetrievalRanks(chunk=16)
    for part in torch.arange(101).split(10):
        metric.update(queries[part], candidates[part])
    values = metric.compute()
    for prefix, places in (("", full_matrix(queries, candidates)), ("reverse_", full_matrix(candidates, queries))):
        for k in (1, 5, 10):
            assert values[f"{prefix}recall_at_{k}"] == pytest.approx((places <= k).mean())
        assert values[f"{prefix}median_rank"] == np.median(places)
    assert 0 < values["recall_at_1"] < values["recall_at_5"] < 1


def test_ties_count_against_the_model():
    same = torch.ones(20, 4)
    assert (ranks(same, same) == 20).all()


def test_negative_scores_and_nan_are_not_mistaken_for_hits():
    queries, candidates = embeddings(30)
    apart = queries - 10 * candidates.mean(0)
    assert np.array_equal(ranks(apart, candidates).numpy(), full_matrix(apart, candidates))
    queries[3] = torch.nan
    assert ranks(queries, candidates)[3] == 30


def test_the_order_of_samples_does_not_matter():
    queries, candidates = embeddings(50)
    shuffled = torch.randperm(50)
    values = []
    for order in (torch.arange(50), shuffled):
        metric = RetrievalRanks(chunk=8)
        metric.update(queries[order], candidates[order])
        values.append(metric.compute())
    assert values[0] == values[1]


@pytest.mark.parametrize("chunk", [7, 256])
def test_average_precision_agrees_with_sklearn_where_several_candidates_are_right(chunk):
    queries, candidates = embeddings(60)
    groups = torch.randint(5, (60,))
    scores, right = (queries @ candidates.T).numpy(), (groups[:, None] == groups).numpy()
    expected = [average_precision_score(*row) for row in zip(right, scores, strict=True)]
    found = average_precisions(queries, candidates, groups, chunk)
    assert found.numpy() == pytest.approx(np.array(expected), abs=1e-5)
    metric = RetrievalRanks(chunk=chunk)
    for part in torch.arange(60).split(11):
        metric.update(queries[part], candidates[part], groups=groups[part])
    values = metric.compute()
    assert values["map"] == pytest.approx(np.mean(expected), abs=1e-5) and "reverse_map" in values


def test_one_right_candidate_has_the_precision_of_its_rank():
    queries, candidates = embeddings(40)
    found = average_precisions(queries, candidates, torch.arange(40))
    torch.testing.assert_close(found, 1 / ranks(queries, candidates).float())


def test_ties_count_against_the_average_precision():
    same = torch.ones(4, 3)
    assert average_precisions(same, same, torch.tensor([0, 0, 1, 1])).tolist() == pytest.approx(
        [(1 / 3 + 2 / 4) / 2] * 4
    )


def test_the_nearest_candidates_are_told_by_key_whatever_the_batches():
    queries, candidates = embeddings(20)
    keys = torch.randperm(100)[:20]
    found = nearest(queries, candidates, keys, count=3, most=4)
    for own, others in found.items():
        scores = queries[keys.tolist().index(own)] @ candidates.T
        assert [key for key, _ in others] == keys[scores.argsort(descending=True)[:4]].tolist()
    assert list(found) == sorted(keys.tolist())[:3]
    metric = RetrievalRanks()
    for part in torch.randperm(20).split(6):
        metric.update(queries[part], candidates[part], keys[part])
    metric.compute()
    assert {own: [key for key, _ in metric.nearest[own][:4]] for own in found} == {
        own: [key for key, _ in others] for own, others in found.items()
    }
