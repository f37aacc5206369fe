from __future__ import annotations

import torch

from mmexp.contract import Padded
from mmexp.encoder.text.embedding import EmbeddingEncoder


def test_each_id_becomes_its_row_of_the_table(tokenizer):
    encoder = EmbeddingEncoder(dim=4, vocab_size=14, tokenizer=tokenizer)
    ids = torch.tensor([[3, 7, 3]])
    tokens = encoder(Padded(ids, torch.tensor([[True, True, False]])))
    assert torch.equal(tokens.features, encoder.embedding.weight[ids]) and tokens.mask.tolist() == [[True, True, False]]
