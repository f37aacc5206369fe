"""A recurrent text encoder."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mmexp.contract import Padded, Tokens
from mmexp.encoder.text.base import Cache, TextEncoder


class LSTMEncoder(TextEncoder):
    """Encode words with an LSTM, bidirectional unless causal.

    Source: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory".

    Args:
        dim: Width D of the tokens; even if not causal, since each direction gets half.
        vocab_size: Number of ids V.
        tokenizer: Path of the tokenizer's file.
        causal: Read forwards only.
        max_length: Ids at most, begin and end included.
        depth: Layers.
        dropout: Probability of dropping a feature between layers and of the words.

    Shape:
        ids [B, L] -> Tokens [B, L, D].

    Raises:
        ValueError: If dim is odd and the encoder reads both ways.
    """

    def __init__(
        self,
        *,
        dim: int,
        vocab_size: int,
        tokenizer: str,
        causal: bool = False,
        max_length: int = 64,
        depth: int = 1,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, vocab_size=vocab_size, tokenizer=tokenizer, causal=causal, max_length=max_length)
        if not causal and dim % 2:
            raise ValueError(f"LSTMEncoder: dim must be even to read both ways, got {dim}.")
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(
            dim,
            dim if causal else dim // 2,
            depth,
            batch_first=True,
            dropout=dropout if depth > 1 else 0.0,
            bidirectional=not causal,
        )

    def forward(self, inputs: Padded) -> Tokens:
        words = self.dropout(self.embedding(inputs.values))  # [B, L, D]
        lengths = inputs.mask.sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(words, lengths, batch_first=True, enforce_sorted=False)
        features, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=words.shape[1])
        return Tokens(features, inputs.mask)

    def step(self, ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
        words = self.embedding(ids).unsqueeze(1)  # [R, 1, D]
        state = tuple(s.transpose(0, 1).contiguous() for s in cache.states) if cache else None
        features, (hidden, cell) = self.lstm(words, state)
        states = (hidden.transpose(0, 1), cell.transpose(0, 1))  # [R, depth, D]
        return features[:, 0], Cache(states, cache.length + 1 if cache else 1)
