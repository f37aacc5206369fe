"""Map one vector per sample by an MLP."""

from __future__ import annotations

from torch import nn


class Head(nn.Sequential):
    """Apply hidden layers after a norm, then a linear map. [..., D] -> [..., width]

    Args:
        dim: Width D of the vector.
        width: Numbers out.
        depth: Hidden layers; 0 maps the vector as it is, linearly.
        dropout: Dropout probability of the hidden layers.
    """

    def __init__(self, *, dim: int, width: int, depth: int, dropout: float) -> None:
        hidden = [layer for _ in range(depth) for layer in (nn.Linear(dim, dim), nn.GELU(), nn.Dropout(dropout))]
        norm = [nn.LayerNorm(dim)] if depth else []
        super().__init__(*norm, *hidden, nn.Linear(dim, width))
