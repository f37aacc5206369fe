"""Learned queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.attention import CrossAttentionLayers
from mmexp.fusion.token import TokenFusion
from mmexp.layer.attention import SelfAttentionBlock, watched
from mmexp.layer.rollout import through


class QueryFusion(TokenFusion):
    """Fuse by learned queries that cross-attend to all tokens, whatever their number.

    ``q = SelfAttention(CrossAttention(queries, [x_1; ...; x_M]))``: joint, the queries are the tokens out. Anchored,
    they gather the context once, and each anchor position cross-attends to them.

    Source: Jaegle et al. 2021, "Perceiver IO", https://arxiv.org/abs/2107.14795, sec. 3.1, encode, process and decode,
    the anchor's positions being the output queries; Li et al. 2023, "BLIP-2", https://arxiv.org/abs/2301.12597,
    sec. 3.1, the queries before a decoder. Differs: the queries read the tokens once, before their self-attention.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; the first is the anchor in the anchored form.
        num_queries: Learned queries Q.
        num_heads: Attention heads.
        depth: Self-attention blocks among the queries.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature.

    Shape:
        joint {m: [B, N_m, D]} -> [B, Q, D]; anchored [B, N, D], {m: [B, N_m, D]} -> [B, N, D].

    Raises:
        ValueError: If num_queries < 1.
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        num_queries: int = 16,
        num_heads: int = 4,
        depth: int = 1,
        mlp_ratio: float = 4.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities)
        if num_queries < 1:
            raise ValueError(f"QueryFusion: num_queries must be at least 1, got {num_queries}.")
        self.queries = nn.Parameter(torch.randn(1, num_queries, dim))
        self.encode = CrossAttentionLayers(dim, num_heads, mlp_ratio, dropout, 1)
        self.blocks = nn.ModuleList(SelfAttentionBlock(dim, num_heads, mlp_ratio, dropout) for _ in range(depth))
        self.decode = CrossAttentionLayers(dim, num_heads, mlp_ratio, dropout, 1)

    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        every = self.gather(tokens)
        queries = self.resample(every)
        return Tokens(queries, every.present[:, None].expand(queries.shape[:2]))

    def attended(self, tokens: Mapping[str, Tokens]) -> Tensor:
        with watched(self) as seen:
            self(tokens)
        return through(seen)

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        queries = self.resample(self.gather(context))
        attend = self.decode.bind(Tokens(queries, torch.ones_like(queries[..., 0], dtype=torch.bool)))
        return lambda anchor: Tokens(attend(anchor.features), anchor.mask)

    def resample(self, every: Tokens) -> Tensor:
        """Gather tokens into the queries. [B, N, D] -> [B, Q, D]"""
        x = self.encode.bind(every)(self.queries.expand(every.features.shape[0], -1, -1))
        for block in self.blocks:
            x = block(x, None)
        return x
