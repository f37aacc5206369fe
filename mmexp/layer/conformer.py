"""Blocks of attention and convolution over the frames of audio."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.layer.attention import FeatureDropout, plain_attention


class ConformerBlock(nn.Module):
    """Add half a feed-forward step, attention, a convolution and the other half, then normalise. Padding is masked.

    Source: Gulati et al. 2020, "Conformer", https://arxiv.org/abs/2005.08100, eq. 1. Differs: LayerNorm instead of
    BatchNorm after the depthwise convolution, so that a row depends neither on its padding nor on other rows.

    Args:
        dim: Width D of the frames.
        num_heads: Attention heads; must divide dim.
        reach: Frames that the convolution sees to either side.
        dropout: Probability of dropping a feature of what a step adds.

    Shape:
        [B, T, D], mask [B, T] -> [B, T, D].

    Raises:
        ValueError: If num_heads does not divide dim.
    """

    def __init__(self, *, dim: int, num_heads: int, reach: int, dropout: float) -> None:
        super().__init__()
        self.before, self.after = FeedForward(dim, dropout), FeedForward(dim, dropout)
        self.attention_norm, self.attention = nn.LayerNorm(dim), RelativeAttention(dim, num_heads, dropout)
        self.convolution = ConvolutionModule(dim, reach, dropout)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.before(x) / 2
        x = x + self.attention(self.attention_norm(x), mask)
        x = x + self.convolution(x, mask)
        return self.norm(x + self.after(x) / 2)  # type: ignore[no-any-return]


class FeedForward(nn.Sequential):
    """Apply two linear layers after a norm, with Swish between. [B, T, D] -> [B, T, D]"""

    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__(
            nn.LayerNorm(dim), nn.Linear(dim, 4 * dim), nn.SiLU(), nn.Linear(4 * dim, dim), FeatureDropout(dropout)
        )


class ConvolutionModule(nn.Module):
    """Convolve each feature over the real frames, after a gated linear unit. [B, T, D], mask [B, T] -> [B, T, D]"""

    def __init__(self, dim: int, reach: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GLU(-1))
        self.depthwise = nn.Conv1d(dim, dim, 2 * reach + 1, padding=reach, groups=dim)
        self.leave = nn.Sequential(nn.LayerNorm(dim), nn.SiLU(), nn.Linear(dim, dim), FeatureDropout(dropout))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        gated = self.enter(x) * mask.unsqueeze(-1)
        return self.leave(self.depthwise(gated.transpose(1, 2)).transpose(1, 2))  # type: ignore[no-any-return]


class RelativeAttention(nn.Module):
    """Attend by content and by distance: ``(q_i + u) . k_j + (q_i + v) . W r_(i - j)``, r being sinusoids.

    Source: Dai et al. 2019, "Transformer-XL", https://arxiv.org/abs/1901.02860, sec. 3.3.

    Args:
        dim: Width D.
        num_heads: Heads H; must divide dim.
        dropout: Probability of dropping a feature of the output.

    Shape:
        [B, T, D], mask [B, T] -> [B, T, D]. Where no frame is real, the output is the output layer's bias.

    Raises:
        ValueError: If num_heads does not divide dim.
    """

    def __init__(self, dim: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"RelativeAttention: num_heads must divide dim {dim}, got {num_heads}.")
        self.num_heads = num_heads
        self.query_key_value, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.position = nn.Linear(dim, dim, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(num_heads, 1, dim // num_heads))  # u
        self.position_bias = nn.Parameter(torch.zeros(num_heads, 1, dim // num_heads))  # v
        self.dropout = FeatureDropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = (self.split(part) for part in self.query_key_value(x).chunk(3, -1))  # [B, H, T, d]
        distances = self.split(self.position(sinusoids(x.shape[1], x.shape[2], x.device))[None])  # [1, H, 2T - 1, d]
        bias = skew((query + self.position_bias) @ distances.transpose(2, 3)) * key.shape[-1] ** -0.5  # [B, H, T, T]
        bias = bias.masked_fill(~mask[:, None, None], -1e4)
        mix = plain_attention if x.device.type == "cpu" else F.scaled_dot_product_attention
        mixed = mix((query + self.content_bias).to(value.dtype), key, value, attn_mask=bias.to(value.dtype))
        mixed = mixed * mask.any(1)[:, None, None, None]
        return self.dropout(self.out(mixed.transpose(1, 2).flatten(2)))  # type: ignore[no-any-return]

    def split(self, features: Tensor) -> Tensor:
        """[B, T, D] -> [B, H, T, D / H]"""
        return features.view(*features.shape[:2], self.num_heads, -1).transpose(1, 2)


def sinusoids(length: int, dim: int, device: torch.device) -> Tensor:
    """Encode the distances T - 1, T - 2 ... 1 - T of a length T by sines and cosines in turn. -> [2T - 1, dim]"""
    distance = torch.arange(length - 1, -length, -1.0, device=device)
    angle = distance[:, None] * 10000 ** (-torch.arange(0, dim, 2, device=device) / dim)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)[:, :dim]


def skew(scores: Tensor) -> Tensor:
    """Pick the score of each distance: out[i, j] = scores[i, T - 1 - (i - j)]. [..., T, 2T - 1] -> [..., T, T]

    A column more in front makes each row begin one place later once the rows are cut to the old width.
    """
    length, distances = scores.shape[-2:]
    longer = F.pad(scores, (1, 0)).view(*scores.shape[:-2], distances + 1, length)
    return longer[..., 1:, :].reshape(scores.shape)[..., :length]
