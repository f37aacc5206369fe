from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from sklearn.metrics import roc_auc_score

from mmexp.contract import Tokens
from mmexp.metric.matching import MatchingScores

KEYS = torch.tensor([50, 10, 40, 20, 30])


def scorer(tokens: Mapping[str, Tokens]) -> torch.Tensor:
    return (tokens["text"].pool() * tokens["image"].pool()).sum(1)


def single(tokens: Tokens, row: int) -> Tokens:
    return Tokens(tokens.features[row, None], tokens.mask[row, None])


def measured(given: Mapping[str, Tokens], batches: list[list[int]], chunk: int = 2) -> dict[str, torch.Tensor]:
    metric = MatchingScores(query=["text"], candidates=["image"], chunk=chunk)
    for rows in batches:
        part = {name: Tokens(own.features[rows], own.mask[rows]) for name, own in given.items()}
        metric.update(KEYS[rows], scorer(part), part, scorer)
    return metric.compute()


@pytest.fixture
def given(make_tokens: Callable[..., Tokens]) -> dict[str, Tokens]:
    return {"text": make_tokens(3, 1, 4, 2, 2), "image": make_tokens(2, 2, 0, 1, 2)}


def test_each_sample_is_judged_with_its_own_side_and_that_of_the_next_by_key(given):
    following = {10: 20, 20: 30, 30: 40, 40: 50, 50: 10}
    rows = {int(k): i for i, k in enumerate(KEYS)}
    scores, belong = [], []
    for own, other in following.items():
        for partner in (own, other):
            pair = {"text": single(given["text"], rows[own]), "image": single(given["image"], rows[partner])}
            scores.append(scorer(pair).item())
            belong.append(partner == own)
    found = measured(given, [[0, 1, 2, 3, 4]])
    assert found["auroc"] == pytest.approx(roc_auc_score(belong, scores))
    assert found["accuracy"] == pytest.approx(
        sum((score > 0) == right for score, right in zip(scores, belong, strict=True)) / 10
    )


@pytest.mark.parametrize("batches", [[[0], [1], [2], [3], [4]], [[4, 2], [0, 1, 3]], [[3, 1, 0, 2, 4]]])
@pytest.mark.parametrize("chunk", [1, 64])
def test_neither_batches_nor_their_order_change_what_is_measured(given, batches, chunk):
    expected, found = measured(given, [[0, 1, 2, 3, 4]]), measured(given, batches, chunk)
    assert found == {name: pytest.approx(value.item()) for name, value in expected.items()}


def test_padding_of_a_batch_is_not_kept(given):
    padded = {name: Tokens(own.features.clone(), own.mask) for name, own in given.items()}
    for own in padded.values():
        own.features[~own.mask] = 1e4
    assert measured(padded, [[0, 1, 2, 3, 4]]) == measured(given, [[0, 1, 2, 3, 4]])


def test_one_sample_alone_has_no_wrong_pair(given):
    found = measured(given, [[1]])
    assert found["accuracy"] in (0, 1) and found["auroc"].isnan()
