from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.metric.link import LinkRanks, filtered_ranks


def plain(scores: list[float], target: int, known: list[int]) -> tuple[int, int]:
    """Rank and number of entities ranked, one comparison after the other."""
    rank = among = 1
    for entity, score in enumerate(scores):
        if entity == target or entity in known:
            continue
        among += 1
        rank += not score < scores[target]
    return rank, among


def padded(rows: list[list[int]]) -> Padded:
    longest = max(1, *map(len, rows))
    values = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    return Padded(values, torch.tensor([[i < len(row) for i in range(longest)] for row in rows]))


def case() -> tuple[Tensor, Tensor, list[list[int]]]:
    """Scores of few values, so that there are ties, and queries with none to many right answers beside the target."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randint(9, (200, 23), generator=generator).float()
    targets = torch.randint(23, (200,), generator=generator)
    known = [torch.randperm(23, generator=generator)[: i % 12].tolist() for i in range(200)]
    return scores, targets, [[*row, int(targets[i])] if i % 2 else row for i, row in enumerate(known)]


def test_filtered_ranks_are_those_of_plain_loops():
    scores, targets, known = case()
    expected = [plain(*row) for row in zip(scores.tolist(), targets.tolist(), known, strict=True)]
    assert (
        list(zip(*(found.tolist() for found in filtered_ranks(scores, targets, padded(known))), strict=True))
        == expected
    )


def test_without_a_filter_every_other_entity_is_wrong():
    scores, targets, _ = case()
    expected = [plain(*row, [])[0] for row in zip(scores.tolist(), targets.tolist(), strict=True)]
    ranks, among = filtered_ranks(scores, targets)
    assert ranks.tolist() == expected and set(among.tolist()) == {23}


def test_the_scores_of_other_right_answers_change_nothing():
    scores, targets, known = case()
    raised = scores.clone()
    for row, target, right in zip(raised, targets.tolist(), known, strict=True):
        row[[one for one in right if one != target]] = 1e9
    assert torch.equal(*(filtered_ranks(given, targets, padded(known))[0] for given in (scores, raised)))


@pytest.mark.parametrize("value", [0.0, math.nan, -math.inf])
def test_one_answer_to_everything_ranks_last(value: float):
    ranks, among = filtered_ranks(torch.full((2, 5), value), torch.tensor([0, 4]), padded([[1], [2, 3]]))
    assert ranks.tolist() == among.tolist() == [4, 3]


def test_an_entity_that_is_not_among_those_scored_ranks_last():
    assert filtered_ranks(torch.tensor([[3.0, 2.0, 1.0]]), torch.tensor([-100]))[0].item() == 3


def test_mrr_and_hits_are_those_of_the_ranks_over_all_batches():
    metric = LinkRanks()
    metric.update(torch.tensor([1, 2]))
    metric.update(torch.tensor([4, 20]))
    found = {name: value.item() for name, value in metric.compute().items()}
    assert found == pytest.approx(
        {"mrr": (1 + 1 / 2 + 1 / 4 + 1 / 20) / 4, "hits_at_1": 0.25, "hits_at_3": 0.5, "hits_at_10": 0.75}
    )


def test_before_any_query_nothing_is_known():
    metric = LinkRanks()
    metric.update(torch.empty(0, dtype=torch.long))
    assert all(value.isnan() for value in metric.compute().values())
