from __future__ import annotations

import pytest
import torch

from mmexp.encoder.symbols.transformer import TransformerEncoder


def test_every_symbol_of_a_row_tells_on_the_others():
    torch.manual_seed(0)
    encoder = TransformerEncoder(dim=8, symbols=["a", "b", "c"]).eval()
    batch = encoder.transform.collate([encoder.transform.prepare(row) for row in (["a", "c"], ["b", "c"])])
    features = encoder(batch).features
    assert (features[0, 1] - features[1, 1]).abs().max() > 1e-4


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="num_heads must divide dim 8, got 3"):
        TransformerEncoder(dim=8, symbols=["a"], num_heads=3)
