from __future__ import annotations

import torch

from mmexp.contract import Tokens
from mmexp.masking.places import features_at


def test_each_token_is_found_in_the_middle_of_its_part():
    features = torch.randn(2, 5, 3)
    tokens = Tokens(features, torch.arange(5) < torch.tensor([[5], [2]]))
    middles = torch.arange(5) + 0.5
    torch.testing.assert_close(features_at(tokens, middles / 5)[0], features[0])
    torch.testing.assert_close(features_at(tokens, middles / 2)[1, :2], features[1, :2])


def test_between_two_tokens_it_is_the_mean_and_at_the_ends_the_last():
    tokens = Tokens(torch.tensor([[[0.0], [1.0], [9.0]]]), torch.tensor([[True, True, False]]))
    assert features_at(tokens, torch.tensor([[0.01, 0.5, 0.99]])).flatten().tolist() == [0, 0.5, 1]


def test_a_row_without_tokens_stays_finite():
    tokens = Tokens(torch.ones(1, 2, 3), torch.zeros(1, 2, dtype=torch.bool))
    assert features_at(tokens, torch.tensor([[0.5]])).isfinite().all()
