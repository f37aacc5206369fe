"""Attention bottlenecks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.base import Fusion
from mmexp.fusion.token import block_beside, keys_values
from mmexp.layer.attention import SelfAttentionBlock, watched
from mmexp.layer.rollout import through


class BottleneckFusion(Fusion):
    """Fuse through attention bottlenecks: modalities exchange only a few tokens ``z`` in each layer.

    ``[x_m; z_m] = Block_m([x_m; z])`` for each modality, then ``z = mean_m z_m`` over those that are present.
    Anchored: the context moves ``z``, and each anchor position goes through the anchor's blocks with
    ``z`` of the same layer as its context.

    Source: Nagrani et al. 2021, "Attention Bottlenecks for Multimodal Fusion", https://arxiv.org/abs/2107.00135,
    sec. 3.2. Differs: fusion begins in the first layer, what comes before it is the encoders'; the bottlenecks are
    among the joint tokens, since they hold what the last layer exchanged; an anchor reads bottlenecks that the
    context's part of its layer has moved already, and does not move them.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; the first is the anchor in the anchored form.
        num_bottlenecks: Tokens K of the exchange.
        num_heads: Attention heads.
        depth: Layers, each with a block of its own for each modality.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature.

    Shape:
        joint {m: [B, N_m, D]} -> [B, sum of N_m + K, D]; anchored [B, N, D], {m: [B, N_m, D]} -> [B, N, D].

    Raises:
        ValueError: If num_bottlenecks < 1.
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        num_bottlenecks: int = 4,
        num_heads: int = 4,
        depth: int = 2,
        mlp_ratio: float = 4.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities)
        if num_bottlenecks < 1:
            raise ValueError(f"BottleneckFusion: num_bottlenecks must be at least 1, got {num_bottlenecks}.")
        self.bottlenecks = nn.Parameter(torch.randn(1, num_bottlenecks, dim) * 0.02)
        self.layers = nn.ModuleList(
            nn.ModuleList(SelfAttentionBlock(dim, num_heads, mlp_ratio, dropout) for _ in self.modalities)
            for _ in range(depth)
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        every, between = self.exchange(tokens)
        there = torch.stack([own.present for own in every], 1).any(1, keepdim=True)  # [B, 1]
        return Tokens.cat([*every, Tokens(between[-1], there.expand(-1, between[-1].shape[1]))])

    def attended(self, tokens: Mapping[str, Tokens]) -> Tensor:
        with watched(self.layers) as seen:
            self.exchange(tokens)
        sizes = [own.features.shape[1] for own in tokens.values()]
        present = torch.stack([own.present for own in tokens.values()], 1).float()  # [B, M]
        count = len(sizes)
        layers = [_layer(seen[i : i + count], sizes, present) for i in range(0, len(seen), count)]
        return through(layers)[..., : sum(sizes)]

    def onto(self, anchor: Tokens, context: Mapping[str, Tokens]) -> Tokens:
        return self.bind(context)(anchor)

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        _, between = self.exchange({name: own for name, own in context.items() if self.slot(name)})
        blocks: list[SelfAttentionBlock] = [layer[0] for layer in self.layers]  # type: ignore[index]
        projected = [keys_values(block, z) for block, z in zip(blocks, between, strict=True)]

        def fuse(anchor: Tokens) -> Tokens:
            x = anchor.features
            for block, (keys, values) in zip(blocks, projected, strict=True):
                x = block_beside(block, x, keys, values, None)
            return Tokens(x, anchor.mask)

        return fuse

    def exchange(self, tokens: Mapping[str, Tokens]) -> tuple[list[Tokens], list[Tensor]]:
        """Take modalities through all layers; return their tokens, and the bottlenecks [B or 1, K, D] of each layer."""
        places, every = [self.slot(name) for name in tokens], list(tokens.values())
        z: Tensor = self.bottlenecks
        between = []
        for layer in self.layers:
            pairs = [advance(layer[place], own, z) for place, own in zip(places, every, strict=True)]  # type: ignore[index]
            every = [own for own, _ in pairs]
            z = agree(z, every, [moved for _, moved in pairs])
            between.append(z)
        return every, between


def _layer(maps: Sequence[Tensor], sizes: Sequence[int], present: Tensor) -> Tensor:
    """Join the attention of one layer over all tokens and then the bottlenecks.

    Args:
        maps: Weights of each modality, over its tokens and the bottlenecks. [B, H, N_m + K, N_m + K]
        sizes: Tokens N_m of each.
        present: Which modalities each row has. float [B, M]

    Returns:
        [B, 1, N + K, N + K]
    """
    total, between = sum(sizes), maps[0].shape[-1] - sizes[0]
    joined = maps[0].new_zeros(len(present), total + between, total + between, dtype=torch.float32)
    shares = (present / present.sum(1, keepdim=True).clamp(min=1)).T  # [M, B]
    first = 0
    for one, size, share in zip(maps, sizes, shares, strict=True):
        own = one.float().mean(1).expand(len(present), -1, -1)  # [B, N_m + K, N_m + K]
        here = slice(first, first + size)
        joined[:, here, here], joined[:, here, total:] = own[:, :size, :size], own[:, :size, size:]
        moved = share[:, None, None] * own[:, size:]
        joined[:, total:, here] += moved[..., :size]
        joined[:, total:, total:] += moved[..., size:]
        first += size
    return joined.unsqueeze(1)


def advance(block: SelfAttentionBlock, own: Tokens, z: Tensor) -> tuple[Tokens, Tensor]:
    """Run one modality and the bottlenecks through its block."""
    rows, places, _ = own.features.shape
    mask = torch.cat([own.mask, own.mask.new_ones(rows, z.shape[1])], 1)
    x = block(torch.cat([own.features, z.expand(rows, -1, -1).to(own.features.dtype)], 1), mask)  # [B, N + K, D]
    return Tokens(x[:, :places], own.mask), x[:, places:]


def agree(z: Tensor, every: list[Tokens], moved: list[Tensor]) -> Tensor:
    """Average what the modalities that are present made of the bottlenecks; where there is none, keep them."""
    if not moved:
        return z
    present = torch.stack([own.present for own in every])[..., None, None]  # [M, B, 1, 1]
    total = (torch.stack(moved) - z) * present  # [M, B, K, D]
    return z + total.sum(0) / present.sum(0).clamp(min=1)
