from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from torchmetrics import MetricCollection

from mmexp.metric.direction import directions
from mmexp.metric.retrieval import RetrievalRanks, Right, average_precisions, distinct, nearest, ranks


def embeddings(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    left = torch.nn.functional.normalize(torch.randn(count, 8), dim=-1)
    right = torch.nn.functional.normalize(left + 0.8 * torch.randn(count, 8), dim=-1)
    return left, right


def own(count: int) -> Right:
    """Candidate i is right for query i."""
    return Right(torch.arange(count).unsqueeze(1).expand(-1, 2))


def full_matrix(queries: torch.Tensor, candidates: torch.Tensor) -> np.ndarray:
    scores = queries.numpy() @ candidates.numpy().T
    order = np.argsort(-scores, axis=1, kind="stable")
    return np.argmax(order == np.arange(len(scores))[:, None], axis=1) + 1


@pytest.mark.parametrize("chunk", [1, 7, 100, 256])
def test_ranks_agree_with_sorting_the_full_matrix(chunk):
    queries, candidates = embeddings(100)
    assert np.array_equal(ranks(queries, candidates, own(100), chunk).numpy(), full_matrix(queries, candidates))


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
    assert (ranks(same, same, own(20)) == 20).all()


def test_negative_scores_and_nan_are_not_mistaken_for_hits():
    queries, candidates = embeddings(30)
    apart = queries - 10 * candidates.mean(0)
    assert np.array_equal(ranks(apart, candidates, own(30)).numpy(), full_matrix(apart, candidates))
    queries[3] = torch.nan
    assert ranks(queries, candidates, own(30))[3] == 30


@pytest.mark.parametrize("chunk", [7, 256])
def test_average_precision_agrees_with_sklearn_where_several_candidates_are_right(chunk):
    queries, candidates = embeddings(60)
    groups = torch.randint(5, (60,))
    scores, right = (queries @ candidates.T).numpy(), (groups[:, None] == groups).numpy()
    expected = [average_precision_score(*row) for row in zip(right, scores, strict=True)]
    found = average_precisions(queries, candidates, Right(torch.zeros(0, 2, dtype=torch.long), groups, groups), chunk)
    assert found.numpy() == pytest.approx(np.array(expected), abs=1e-5)
    metric = RetrievalRanks(chunk=chunk)
    for part in torch.arange(60).split(11):
        metric.update(queries[part], candidates[part], groups=groups[part])
    values = metric.compute()
    assert values["map"] == pytest.approx(np.mean(expected), abs=1e-5) and "reverse_map" in values


def test_one_right_candidate_has_the_precision_of_its_rank():
    queries, candidates = embeddings(40)
    found = average_precisions(queries, candidates, own(40))
    torch.testing.assert_close(found, 1 / ranks(queries, candidates, own(40)).float())


def test_ties_count_against_the_average_precision():
    same = torch.ones(4, 3)
    groups = torch.tensor([0, 0, 1, 1])
    found = average_precisions(same, same, Right(torch.zeros(0, 2, dtype=torch.long), groups, groups))
    assert found.tolist() == pytest.approx([(1 / 3 + 2 / 4) / 2] * 4)


def test_the_nearest_candidates_are_told_by_key_whatever_the_batches():
    queries, candidates = embeddings(20)
    keys = torch.randperm(100)[:20]
    found = nearest(queries, candidates, keys, keys, count=3, most=4)
    for own, others in found.items():
        scores = queries[keys.tolist().index(own)] @ candidates.T
        assert [key for key, _ in others] == keys[scores.argsort(descending=True)[:4]].tolist()
    assert list(found) == sorted(keys.tolist())[:3]
    metric = RetrievalRanks()
    for part in torch.randperm(20).split(6):
        metric.update(queries[part], candidates[part], keys[part].unsqueeze(1).expand(-1, 2))
    metric.compute()
    assert {own: [key for key, _ in metric.nearest[own][:4]] for own in found} == {
        own: [key for key, _ in others] for own, others in found.items()
    }


def five_captions(images: int = 30, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Texts, images and keys of rows with one of five captions each; every image stands in five rows, in any order."""
    torch.manual_seed(seed)
    image = torch.nn.functional.normalize(torch.randn(images, 8), dim=-1).repeat_interleave(5, 0)
    text = torch.nn.functional.normalize(image + 0.9 * torch.randn(5 * images, 8), dim=-1)
    keys = torch.stack([torch.arange(5 * images) + 7, torch.arange(images).repeat_interleave(5) + 1000], 1)
    order = torch.randperm(5 * images)
    return text[order], image[order], keys[order]


def several(text: np.ndarray, image: np.ndarray, keys: np.ndarray) -> dict[str, float]:
    """Recall at k and median rank as the benchmarks of Flickr30k and COCO define them, by the full sorted matrix."""
    names = sorted(set(keys[:, 1]))
    scores = text @ np.stack([image[list(keys[:, 1]).index(name)] for name in names]).T  # [5 I, I]
    right = keys[:, 1][:, None] == np.array(names)
    found = {}
    for prefix, table, own in (("", scores, right), ("reverse_", scores.T, right.T)):
        order = np.argsort(-table, axis=1, kind="stable")
        sorted_right = np.take_along_axis(own, order, 1)
        first = sorted_right.argmax(1)
        found |= {f"{prefix}recall_at_{k}": float((first < k).mean()) for k in (1, 5, 10)}
        found[f"{prefix}median_rank"] = float(np.median(first + 1))
    return found


@pytest.mark.parametrize("size", [1, 13, 1000])
def test_five_captions_of_an_image_agree_with_the_full_matrix_in_both_directions(size: int):
    text, image, keys = five_captions()
    metric = RetrievalRanks(chunk=16)
    for part in torch.arange(len(text)).split(size):
        metric.update(text[part], image[part], keys[part])
    values = {name: value.item() for name, value in metric.compute().items()}
    assert values == pytest.approx(several(text.numpy(), image.numpy(), keys.numpy()))
    assert 0 < values["recall_at_1"] < values["reverse_recall_at_1"] < 1


def test_with_groups_any_of_the_group_is_a_hit():
    sides = torch.eye(4)
    metric = RetrievalRanks(at=(1,))
    metric.update(sides, sides[[1, 0, 3, 2]], groups=torch.tensor([0, 0, 1, 1]))
    assert metric.compute()["recall_at_1"] == 1
    alone = RetrievalRanks(at=(1,))
    alone.update(sides, sides[[1, 0, 3, 2]])
    assert alone.compute()["recall_at_1"] == 0


def test_what_is_shown_twice_is_one_item():
    first, pairs = distinct(torch.tensor([[5, 1], [9, 2], [5, 2], [4, 1]]))
    assert [chosen.tolist() for chosen in first] == [[3, 0, 1], [0, 1]]
    assert pairs.tolist() == [[1, 0], [2, 1], [1, 1], [0, 0]]


def test_of_a_rank_less_is_better_and_of_a_recall_more():
    metric = RetrievalRanks(at=(1,))
    metric.update(torch.eye(2), torch.eye(2))
    metrics = MetricCollection({"ranks": metric})
    metrics.compute()
    known = directions(metrics)
    assert known == {name: "min" if "median" in name else "max" for name in metric.compute()}
