from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.layer.recurrent import Recurrent

CELLS = {nn.LSTM: nn.LSTMCell, nn.GRU: nn.GRUCell, nn.RNN: nn.RNNCell}
EACH = pytest.mark.parametrize("cell", CELLS)


def make(cell: type[nn.RNNBase], causal: bool, depth: int = 1, dim: int = 8) -> Recurrent:
    return Recurrent(cell=cell, width=5, dim=dim, depth=depth, causal=causal, dropout=0.1).eval()


def unroll(network: nn.RNNBase, suffix: str, row: Tensor) -> Tensor:
    """One layer in one direction over a row, cell by cell. [L, F] -> [L, H]"""
    cell = CELLS[type(network)](network.input_size, network.hidden_size)
    cell.load_state_dict({key: network.state_dict()[f"{key}_{suffix}"] for key in cell.state_dict()})
    state, out = None, []
    for token in row:
        state = cell(token[None], state)
        out.append((state[0] if isinstance(state, tuple) else state)[0])
    return torch.stack(out)


@EACH
@pytest.mark.parametrize("causal", [True, False])
def test_it_agrees_with_single_cells_row_by_row_whatever_the_padding(cell, causal):
    recurrent, features, lengths = make(cell, causal), torch.randn(3, 6, 5), [4, 6, 1]
    tokens = recurrent(Tokens(features, torch.arange(6) < torch.tensor(lengths)[:, None]))
    for row, length, found in zip(features, lengths, tokens.features, strict=True):
        expected = unroll(recurrent.network, "l0", row[:length])
        if not causal:
            backwards = unroll(recurrent.network, "l0_reverse", row[:length].flip(0)).flip(0)
            expected = torch.cat([expected, backwards], 1)
        torch.testing.assert_close(found[:length], expected)


@EACH
def test_stepping_gives_what_forward_gives(cell):
    recurrent, features = make(cell, causal=True, depth=2), torch.randn(2, 4, 5)
    whole = recurrent(Tokens(features, torch.ones(2, 4, dtype=torch.bool))).features
    states: tuple[Tensor, ...] = ()
    for place in range(4):
        step, states = recurrent.step(features[:, place], states)
        torch.testing.assert_close(step, whole[:, place])
    assert all(state.shape == (2, 2, 8) for state in states)


@EACH
def test_a_row_without_a_real_token_stays_without_and_finite(cell):
    tokens = make(cell, causal=False)(Tokens(torch.randn(1, 3, 5), torch.zeros(1, 3, dtype=torch.bool)))
    assert tokens.features.isfinite().all() and not tokens.mask.any()


@EACH
def test_bfloat16_autocast_on_a_cpu_changes_nothing(cell):
    recurrent, features = make(cell, causal=True), torch.randn(2, 3, 5)
    tokens = Tokens(features, torch.ones(2, 3, dtype=torch.bool))
    exact = recurrent(tokens).features
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(recurrent(tokens).features, exact)
        torch.testing.assert_close(recurrent.step(features[:, 0], ())[0], exact[:, 0])


def test_an_odd_width_cannot_be_read_both_ways():
    with pytest.raises(ValueError, match="GRU: dim must be even to read both ways, got 7"):
        make(nn.GRU, causal=False, dim=7)
    assert make(nn.GRU, causal=True, dim=7).network.hidden_size == 7
