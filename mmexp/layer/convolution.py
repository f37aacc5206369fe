"""Convolutions over the frames of audio."""

from __future__ import annotations

from torch import Tensor, nn

from mmexp.contract import Tokens


class ConvolutionStack(nn.Module):
    """Convolve over frames in residual blocks: ``x + W2 gelu(conv(norm(x)))``. Padding is masked.

    Source: Gehring et al. 2017, "Convolutional Sequence to Sequence Learning", https://arxiv.org/abs/1705.03122, its
    residual blocks of one convolution. Differs: normalised before, and with a linear map after, as in transformers.

    Args:
        dim: Width D of the frames.
        depth: Blocks.
        reach: Frames that each block sees to either side.
        dropout: Probability of dropping a feature of what a block adds.

    Shape:
        Tokens [B, T, D] -> Tokens [B, T, D].
    """

    def __init__(self, *, dim: int, depth: int, reach: int = 2, dropout: float = 0.0) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(depth))
        self.convolutions = nn.ModuleList(nn.Conv1d(dim, dim, 2 * reach + 1, padding=reach) for _ in range(depth))
        self.mixes = nn.ModuleList(
            nn.Sequential(nn.GELU(), nn.Dropout(dropout), nn.Linear(dim, dim)) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(dim)

    def forward(self, frames: Tokens) -> Tokens:
        x, real = frames.features, frames.mask.unsqueeze(-1)
        for norm, convolution, mix in zip(self.norms, self.convolutions, self.mixes, strict=True):
            seen: Tensor = (norm(x) * real).transpose(1, 2)  # [B, D, T]
            x = x + mix(convolution(seen).transpose(1, 2))  # [B, T, D]
        return Tokens(self.norm(x), frames.mask)
