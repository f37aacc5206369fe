"""Recurrent networks over padded rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mmexp.contract import Tokens

Cell = type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]


class Recurrent(nn.Module):
    """Run a recurrent network over the real tokens of each row, in both directions unless causal.

    On a CPU it stays in float32: torch's LSTM in bfloat16 fails on processors that do not multiply it natively.

    Args:
        cell: ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN``.
        width: Features F of a token.
        dim: Features D that come out; even if not causal, since each direction gets half.
        depth: Layers.
        causal: Read forwards only.
        dropout: Probability of dropping a feature between layers.

    Shape:
        Tokens [B, L, F], the real ones first -> Tokens [B, L, D].

    Raises:
        ValueError: If dim is odd and the network reads both ways.
    """

    def __init__(self, *, cell: Cell, width: int, dim: int, depth: int, causal: bool, dropout: float) -> None:
        super().__init__()
        if not causal and dim % 2:
            raise ValueError(f"{cell.__name__}: dim must be even to read both ways, got {dim}.")
        self.network = cell(
            width,
            dim if causal else dim // 2,
            depth,
            batch_first=True,
            dropout=dropout if depth > 1 else 0.0,
            bidirectional=not causal,
        )

    def forward(self, tokens: Tokens) -> Tokens:
        lengths = tokens.mask.sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(tokens.features.float(), lengths, batch_first=True, enforce_sorted=False)
        with torch.autocast("cpu", enabled=False):
            found, _ = self.network(packed)
        features, _ = pad_packed_sequence(found, batch_first=True, total_length=tokens.mask.shape[1])
        return Tokens(features, tokens.mask)

    def step(self, x: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Read one more token per row of a causal network, with its states so far, none at the start.

        [R, F], each [R, depth, D] -> [R, D], each [R, depth, D]
        """
        before = tuple(state.transpose(0, 1).contiguous() for state in states)
        given = before if len(before) > 1 else before[0] if before else None  # an LSTM has two, others one
        with torch.autocast("cpu", enabled=False):
            features, after = self.network(x.unsqueeze(1).float(), given)
        kept = after if isinstance(after, tuple) else (after,)
        return features[:, 0], tuple(state.transpose(0, 1) for state in kept)
