"""A text encoder with gated recurrent units."""

from __future__ import annotations

from torch import nn

from mmexp.encoder.text.recurrent import RecurrentEncoder


class GRUEncoder(RecurrentEncoder):
    """Encode words with gated recurrent units, bidirectional unless causal.

    Source: Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
    Translation", https://arxiv.org/abs/1406.1078, sec. 2.3. Differs: torch resets after the matrix.
    """

    cell = nn.GRU
