from __future__ import annotations

import torch

from mmexp.encoder.symbols.embedding import EmbeddingEncoder, age


def test_places_count_from_the_newest_real_symbol():
    mask = torch.tensor([[True, True, True], [True, False, False], [False, False, False]])
    assert age(mask).tolist() == [[2, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_the_newest_symbol_is_the_same_however_long_the_row_is():
    torch.manual_seed(0)
    encoder = EmbeddingEncoder(dim=8, symbols=["a", "b", "c"])
    batch = encoder.transform.collate([encoder.transform.prepare(row) for row in (["a", "c"], ["c"], ["c", "a"])])
    features = encoder(batch).features
    assert torch.equal(features[0, 1], features[1, 0]) and not torch.equal(features[0, 1], features[2, 0])
    assert torch.allclose(features.mean(-1), torch.zeros(3, 2), atol=1e-6)
