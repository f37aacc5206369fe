from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.text.positional import PositionalEncoder


@pytest.fixture
def encoder(tokenizer) -> PositionalEncoder:
    return PositionalEncoder(dim=4, vocab_size=14, tokenizer=tokenizer, max_length=5).eval()


def test_each_word_is_its_vector_and_that_of_its_place(encoder):
    ids = torch.tensor([[3, 7, 3]])
    tokens = encoder(Padded(ids, torch.tensor([[True, True, False]])))
    expected = F.layer_norm(encoder.embedding.weight[ids[0]] + encoder.position[:3], (4,))
    torch.testing.assert_close(tokens.features[0], expected)
    assert tokens.mask.tolist() == [[True, True, False]]


def test_fed_word_by_word_it_gives_the_same(encoder):
    ids, cache = torch.tensor([[3, 7, 3], [5, 5, 9]]), None
    expected = encoder(Padded(ids, torch.ones(2, 3, dtype=torch.bool))).features
    for place in range(3):
        features, cache = encoder.step(ids[:, place], cache)
        torch.testing.assert_close(features, expected[:, place])
