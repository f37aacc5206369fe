"""Dilated causal convolutions over a sequence of vectors."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.encoder.vector.base import sequence
from mmexp.transform.vector import VectorTransform


class TCNEncoder(Encoder):
    """Encode a sequence of vectors with a temporal convolutional network, one token per vector.

    Each block adds two causal convolutions to its input; the dilation is 1, 2, 4 ... 2^(depth - 1). A token sees the
    vectors up to its own, ``1 + 2 (kernel - 1) (2^depth - 1)`` of them; 61 by default.

    Source: Bai et al. 2018, "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence
    Modeling", https://arxiv.org/abs/1803.01271, sec. 3. Differs: LayerNorm after it.

    Args:
        dim: Width D of the tokens and of each block.
        transform: Scaling and variation of the numbers; knows their width F and the longest sequence.
        depth: Blocks.
        kernel: Vectors that a convolution sees.
        dropout: Probability of dropping a whole channel after each convolution.

    Shape:
        numbers [B, F] -> Tokens [B, 1, D]; [B, L, F] -> Tokens [B, L, D].

    Raises:
        ValueError: If depth or kernel is not positive.
    """

    def __init__(
        self, *, dim: int, transform: VectorTransform, depth: int = 4, kernel: int = 3, dropout: float = 0.1
    ) -> None:
        super().__init__()
        for name, count in {"depth": depth, "kernel": kernel}.items():
            if count < 1:
                raise ValueError(f"TCNEncoder: {name} must be positive, got {count}.")
        self.transform = transform
        widths = [transform.width, *[dim] * depth]
        self.blocks = nn.Sequential(
            *(TemporalBlock(width, dim, kernel, 2**place, dropout) for place, width in enumerate(widths[:-1]))
        )
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        vectors = sequence(inputs)
        features = self.blocks(vectors.features.transpose(1, 2)).transpose(1, 2)  # [B, L, D]
        return Tokens(self.norm(features), vectors.mask)


class TemporalBlock(nn.Module):
    """Compute ``relu(x + f(x))``, f being two causal convolutions with weight norm. [B, F, L] -> [B, D, L]"""

    def __init__(self, width: int, dim: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.reach = (kernel - 1) * dilation
        self.first = weight_norm(nn.Conv1d(width, dim, kernel, dilation=dilation))
        self.second = weight_norm(nn.Conv1d(dim, dim, kernel, dilation=dilation))
        self.skip = nn.Identity() if width == dim else nn.Conv1d(width, dim, 1)
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        added = x
        for convolution in (self.first, self.second):
            added = self.dropout(convolution(F.pad(added, (self.reach, 0))).relu())
        return (self.skip(x) + added).relu()  # type: ignore[no-any-return]
