from __future__ import annotations

import pytest
import torch

from mmexp.contract import Padded, Tokens
from mmexp.encoder.text.gru import GRUEncoder
from mmexp.encoder.text.lstm import LSTMEncoder
from mmexp.encoder.text.rnn import RNNEncoder

EACH = pytest.mark.parametrize("kind", [LSTMEncoder, GRUEncoder, RNNEncoder])


@EACH
def test_words_are_looked_up_dropped_while_training_and_read_in_turn(kind, tokenizer):
    encoder = kind(dim=8, vocab_size=14, tokenizer=tokenizer, dropout=0.5)
    torch.nn.init.normal_(encoder.embedding.weight)
    ids, mask = torch.randint(0, 14, (2, 5)), torch.arange(5) < torch.tensor([[5], [3]])
    assert not torch.equal(encoder(Padded(ids, mask)).features, encoder(Padded(ids, mask)).features)
    encoder.eval()
    expected = encoder.recurrent(Tokens(encoder.embedding(ids), mask)).features
    assert torch.equal(encoder(Padded(ids, mask)).features, expected) and encoder.recurrent.network.bidirectional


@EACH
def test_an_odd_width_cannot_be_read_both_ways(kind, tokenizer):
    with pytest.raises(ValueError, match="dim must be even to read both ways, got 7"):
        kind(dim=7, vocab_size=14, tokenizer=tokenizer)
