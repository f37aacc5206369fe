from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mmexp.contract import Padded
from mmexp.encoder.text.lstm import LSTMEncoder


def unroll(lstm: nn.LSTM, suffix: str, words: Tensor) -> Tensor:
    """One layer in one direction over a row, cell by cell. [L, D] -> [L, H]"""
    cell = nn.LSTMCell(lstm.input_size, lstm.hidden_size)
    cell.load_state_dict({key: lstm.state_dict()[f"{key}_{suffix}"] for key in cell.state_dict()})
    state, out = None, []
    for word in words:
        state = cell(word[None], state)
        out.append(state[0][0])
    return torch.stack(out)


@pytest.mark.parametrize("causal", [True, False])
def test_it_agrees_with_single_cells_row_by_row(tokenizer, causal):
    encoder = LSTMEncoder(dim=8, vocab_size=14, tokenizer=tokenizer, causal=causal).eval()
    nn.init.normal_(encoder.embedding.weight)
    ids, lengths = torch.randint(0, 14, (3, 6)), [4, 6, 1]
    tokens = encoder(Padded(ids, torch.arange(6) < torch.tensor(lengths)[:, None]))
    for row, length, features in zip(ids, lengths, tokens.features, strict=True):
        words = encoder.embedding(row[:length])
        expected = unroll(encoder.lstm, "l0", words)
        if not causal:
            backwards = unroll(encoder.lstm, "l0_reverse", words.flip(0)).flip(0)
            expected = torch.cat([expected, backwards], 1)
        torch.testing.assert_close(features[:length], expected)


def test_an_odd_width_cannot_be_read_both_ways(tokenizer):
    with pytest.raises(ValueError, match="LSTMEncoder: dim must be even to read both ways, got 7"):
        LSTMEncoder(dim=7, vocab_size=14, tokenizer=tokenizer)
    assert LSTMEncoder(dim=7, vocab_size=14, tokenizer=tokenizer, causal=True).lstm.hidden_size == 7
