from __future__ import annotations

from itertools import product

import pytest
import torch

from mmexp.head.crf import CRF
from mmexp.transform.tags import repaired

TAGS = ["O", "B-x", "I-x", "B-y", "I-y"]
LENGTHS = [4, 2, 1, 3]


@pytest.fixture(params=[False, True], ids=["rules", "learned"])
def chain(request) -> CRF:
    torch.manual_seed(0)
    made = CRF(TAGS, learned=request.param).double()
    if made.weight is not None:
        torch.nn.init.normal_(made.weight)
    return made


def given() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    logits = 2 * torch.randn(len(LENGTHS), max(LENGTHS), len(TAGS), dtype=torch.double)
    return logits, torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]


def listed(chain: CRF, logits: torch.Tensor, length: int) -> dict[tuple[int, ...], torch.Tensor]:
    """Score of every legal row, one by one."""
    weight = torch.zeros(len(TAGS) + 1, len(TAGS)) if chain.weight is None else chain.weight
    scores = {}
    for row in product(range(len(TAGS)), repeat=length):
        names = [TAGS[i] for i in row]
        if repaired(names) == names:
            steps = sum(weight[last, now] for last, now in zip((len(TAGS), *row), row, strict=False))
            scores[row] = sum(logits[place, tag] for place, tag in enumerate(row)) + steps
    return scores


def test_the_best_row_is_the_best_of_all_legal_ones(chain):
    logits, mask = given()
    found = chain.best(logits, mask)
    for row, length in enumerate(LENGTHS):
        scores = listed(chain, logits[row], length)
        assert tuple(found[row, :length].tolist()) == max(scores, key=lambda one: scores[one].item())


def test_the_surprise_is_that_of_one_row_among_all_legal_ones(chain):
    logits, mask = given()
    torch.manual_seed(2)
    rows = [list(listed(chain, logits[i], length)) for i, length in enumerate(LENGTHS)]
    chosen = [one[int(torch.randint(len(one), ()))] for one in rows]
    targets = torch.tensor([[*row, *[0] * (max(LENGTHS) - len(row))] for row in chosen])
    nll = chain.nll(logits, targets, mask)
    for i, length in enumerate(LENGTHS):
        scores = listed(chain, logits[i], length)
        expected = torch.stack(list(scores.values())).logsumexp(0) - scores[chosen[i]]
        torch.testing.assert_close(nll[i], expected)


def test_gradients_are_finite_although_rows_are_forbidden():
    chain, (logits, mask) = CRF(TAGS, learned=True).double(), given()
    logits.requires_grad_()
    chain.nll(logits, torch.zeros(mask.shape, dtype=torch.long), mask).sum().backward()
    assert logits.grad.isfinite().all() and chain.weight.grad.isfinite().all()
    assert not logits.grad[~mask].any()
