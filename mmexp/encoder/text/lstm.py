"""A text encoder that remembers through gates."""

from __future__ import annotations

from torch import nn

from mmexp.encoder.text.recurrent import RecurrentEncoder


class LSTMEncoder(RecurrentEncoder):
    """Encode words with an LSTM, bidirectional unless causal.

    Source: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory".
    """

    cell = nn.LSTM
