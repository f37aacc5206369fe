"""A transformer over a sequence of vectors."""

from __future__ import annotations

from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.vector.linear import LinearEncoder
from mmexp.layer.attention import SelfAttentionBlock
from mmexp.transform.vector import VectorTransform


class TransformerEncoder(LinearEncoder):
    """Encode a sequence of vectors with a transformer, each in the light of the others.

    Source: Zerveas et al. 2021, "A Transformer-based Framework for Multivariate Time Series Representation Learning",
    https://arxiv.org/abs/2010.02803, sec. 3.1, a linear map and learned positions. Differs: pre-norm blocks with
    LayerNorm instead of BatchNorm.

    Args:
        dim: Width D of the tokens.
        transform: Scaling and variation of the numbers; knows their width F and the longest sequence.
        depth: Blocks.
        num_heads: Attention heads; must divide dim.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature, anywhere.

    Shape:
        numbers [B, F] -> Tokens [B, 1, D]; [B, L, F] -> Tokens [B, L, D].

    Raises:
        ValueError: If num_heads does not divide dim.
    """

    def __init__(
        self,
        *,
        dim: int,
        transform: VectorTransform,
        depth: int = 2,
        num_heads: int = 4,
        mlp_ratio: float = 2.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, transform=transform)
        self.blocks = nn.ModuleList(SelfAttentionBlock(dim, num_heads, mlp_ratio, dropout) for _ in range(depth))
        self.last = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        vectors = super().forward(inputs)
        x = vectors.features  # [B, L, D]
        for block in self.blocks:
            x = block(x, vectors.mask)
        return Tokens(self.last(x), vectors.mask)
