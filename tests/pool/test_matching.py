from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmexp.contract import Tokens
from mmexp.pool.matching import MatchingPool

DIM = 8


def make(dtype: torch.dtype = torch.float) -> MatchingPool:
    torch.manual_seed(0)
    return MatchingPool(dim=DIM).to(dtype)


def tokens(dtype: torch.dtype = torch.float) -> Tokens:
    torch.manual_seed(1)
    mask = torch.tensor([[True, True, False], [False, False, False], [True, True, True], [False, True, False]])
    return Tokens(torch.randn(4, 3, DIM, dtype=dtype, requires_grad=True), mask)


def told(pool: MatchingPool, real: Tensor) -> Tensor:
    """The formula, token by token, for the real ones of a row. [N, D] -> [D]"""
    x, found = pool.norm(real), []
    for i, own in enumerate(x):
        others = torch.cat([x[:i], x[i + 1 :]])
        like = (others @ own / DIM**0.5).softmax(0) @ others if len(others) else torch.zeros(DIM)
        found.append(pool.compare(torch.cat([(own - like) ** 2, own * like])).clamp(min=0))
    return torch.stack(found).max(0).values


def test_each_token_is_compared_with_what_is_like_it_among_the_other_real_ones():
    pool, given = make(), tokens()
    pooled = pool(given)
    for row in (0, 2, 3):
        torch.testing.assert_close(pooled[row], told(pool, given.features[row][given.mask[row]]))


def test_the_order_of_tokens_and_padding_do_not_count():
    pool, given = make(), tokens()
    changed = Tokens(given.features.masked_fill(~given.mask[..., None], 9.0).flip(1), given.mask.flip(1))
    torch.testing.assert_close(pool(changed), pool(given))


@pytest.mark.parametrize("dtype", [torch.float, torch.bfloat16])
def test_a_row_without_tokens_gives_zeros_and_finite_gradients(dtype):
    pool, given = make(dtype), tokens(dtype)
    pooled = pool(given)
    pooled.sum().backward()
    assert not pooled[1].any() and pooled.isfinite().all()
    assert given.features.grad.isfinite().all() and not given.features.grad[1].any()
