from __future__ import annotations

import torch

from mmexp.contract import Padded
from mmexp.encoder.text.embedding import EmbeddingEncoder


def test_each_id_becomes_its_row_of_the_table_at_unit_scale(tokenizer):
    encoder = EmbeddingEncoder(dim=4, vocab_size=14, tokenizer=tokenizer)
    ids = torch.tensor([[3, 7, 3]])
    tokens = encoder(Padded(ids, torch.tensor([[True, True, False]])))
    rows = encoder.embedding.weight[ids]
    expected = (rows - rows.mean(-1, keepdim=True)) / (rows.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(tokens.features, expected)
    assert tokens.mask.tolist() == [[True, True, False]]
