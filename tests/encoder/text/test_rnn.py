from __future__ import annotations

from torch import nn

from mmexp.encoder.text.rnn import RNNEncoder


def test_its_cell_is_torchs_rnn(tokenizer):
    encoder = RNNEncoder(dim=8, vocab_size=14, tokenizer=tokenizer, depth=2)
    assert type(encoder.recurrent.network) is nn.RNN and encoder.recurrent.network.num_layers == 2
