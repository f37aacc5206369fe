from __future__ import annotations

import numpy as np
import pytest
import torch

from mmexp.metric.retrieval import RetrievalRanks, ranks


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
