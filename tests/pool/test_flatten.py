from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.error import ConfigError
from mmexp.pool.flatten import FlattenPool


@pytest.fixture
def pool() -> FlattenPool:
    return FlattenPool(dim=8, length=4)


def test_it_is_one_linear_map_of_the_tokens_side_by_side(pool, make_tokens):
    given = make_tokens(4, 4)
    torch.testing.assert_close(pool(given), F.linear(given.features.flatten(1), pool.mix.weight, pool.mix.bias))


def test_a_position_without_a_token_counts_as_zeros(pool, make_tokens):
    given = make_tokens(4, 4)
    holes = torch.tensor([[True, False, True, True], [False, True, True, False]])
    expected = pool(Tokens(given.features * holes[..., None], torch.ones_like(holes)))
    torch.testing.assert_close(pool(Tokens(given.features, holes)), expected)


def test_padding_changes_nothing_be_it_beyond_the_length(pool, make_tokens):
    short = make_tokens(3, 1)
    for more in (1, 3):
        features = F.pad(short.features, (0, 0, 0, more), value=9.0)
        torch.testing.assert_close(pool(Tokens(features, F.pad(short.mask, (0, more)))), pool(short))


def test_a_row_without_tokens_gives_zeros_and_no_gradient(pool, make_tokens):
    given = make_tokens(2, 0)
    given.features.requires_grad_()
    pooled = pool(given)
    pooled.sum().backward()
    assert not pooled[1].any() and not given.features.grad[1].any() and given.features.grad[0].any()


def test_a_token_beyond_the_length_is_refused(pool, make_tokens):
    with pytest.raises(ConfigError, match="length must be at least the number of tokens, 6, got 4") as caught:
        pool(make_tokens(2, 6, places=9))
    assert "Set fusion.pool.length=6" in caught.value.hint


def test_tokens_whose_position_depends_on_the_padding_of_the_batch_are_refused(pool, make_tokens):
    two = Tokens.cat([make_tokens(2, 1), make_tokens(2, 2)])
    FlattenPool(dim=8, length=4)(two)  # as many as there are positions: each keeps its own
    with pytest.raises(ConfigError, match=r"must stand before all padding .* got padding between them among 4, not 5"):
        FlattenPool(dim=8, length=5)(two)


def test_a_length_of_nothing_is_refused():
    with pytest.raises(ValueError, match="length must be at least 1, got 0"):
        FlattenPool(dim=8, length=0)
