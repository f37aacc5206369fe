"""A text encoder with the plainest recurrence."""

from __future__ import annotations

from torch import nn

from mmexp.encoder.text.recurrent import RecurrentEncoder


class RNNEncoder(RecurrentEncoder):
    """Encode words with a simple recurrent network, ``h_t = tanh(W x_t + U h_(t - 1))``, bidirectional unless causal.

    Source: Elman 1990, "Finding Structure in Time". Differs: the state itself is the output.
    """

    cell = nn.RNN
