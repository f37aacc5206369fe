from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.vector.lstm import LSTMEncoder
from mmexp.transform.vector import VectorTransform


def test_it_is_torchs_lstm_over_the_real_vectors_whatever_the_padding():
    encoder = LSTMEncoder(dim=8, transform=VectorTransform(width=3, max_length=5)).eval()
    values, lengths = torch.randn(3, 5, 3), [5, 2, 0]
    tokens = encoder(Padded(values, torch.arange(5) < torch.tensor(lengths)[:, None]))
    for row, length, found in zip(values[:2], lengths, tokens.features, strict=False):
        alone = F.layer_norm(encoder.recurrent.network(row[None, :length])[0][0], (8,))
        torch.testing.assert_close(found[:length], alone)
    assert tokens.features.isfinite().all() and tokens.mask.sum(1).tolist() == lengths


def test_a_single_vector_is_a_sequence_of_one():
    encoder = LSTMEncoder(dim=8, transform=VectorTransform(width=3)).eval()
    values = torch.randn(2, 3)
    tokens = encoder(Padded(values, torch.tensor([True, True])))
    torch.testing.assert_close(tokens.features, F.layer_norm(encoder.recurrent.network(values[:, None])[0], (8,)))


def test_an_odd_width_is_refused():
    with pytest.raises(ValueError, match="LSTM: dim must be even to read both ways, got 7"):
        LSTMEncoder(dim=7, transform=VectorTransform(width=3))
