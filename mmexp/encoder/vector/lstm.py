"""A recurrent network over a sequence of vectors."""

from __future__ import annotations

from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.encoder.vector.base import sequence
from mmexp.layer.recurrent import Recurrent
from mmexp.transform.vector import VectorTransform


class LSTMEncoder(Encoder):
    """Encode a sequence of vectors, such as of sensors, with a bidirectional LSTM, one token per vector.

    Source: Graves and Schmidhuber 2005, "Framewise Phoneme Classification with Bidirectional LSTM and Other Neural
    Network Architectures". Differs: LayerNorm after it.

    Args:
        dim: Width D of the tokens; even, since each direction gets half.
        transform: Scaling and variation of the numbers; knows their width F and the longest sequence.
        depth: Layers.
        dropout: Probability of dropping a feature between layers and of what comes out.

    Shape:
        numbers [B, F] -> Tokens [B, 1, D]; [B, L, F] -> Tokens [B, L, D].

    Raises:
        ValueError: If dim is odd.
    """

    def __init__(self, *, dim: int, transform: VectorTransform, depth: int = 1, dropout: float = 0.1) -> None:
        super().__init__()
        self.transform = transform
        self.recurrent = Recurrent(
            cell=nn.LSTM, width=transform.width, dim=dim, depth=depth, causal=False, dropout=dropout
        )
        self.dropout, self.norm = nn.Dropout(dropout), nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        tokens = self.recurrent(sequence(inputs))  # [B, L, D]
        return Tokens(self.norm(self.dropout(tokens.features)), tokens.mask)
