"""Cross-attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.token import TokenFusion
from mmexp.layer.attention import Attention, Mlp, watched
from mmexp.layer.rollout import across


class AttentionFusion(TokenFusion):
    """Fuse by cross-attention: each token attends to the tokens of the other modalities.

    ``a = x + Attention(norm(x), [context; nothing])``, then ``a + MLP(norm(a))``, ``depth`` times. The learned token
    ``nothing`` is added to every context, so that an empty or missing one is legal.

    Source: Vaswani et al. 2017, "Attention Is All You Need", the decoder's second sub-layer; between modalities:
    Lu et al. 2019, "ViLBERT", sec. 3.1.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; the first is the anchor in the anchored form.
        num_heads: Attention heads.
        depth: Layers, each over the same context.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature.

    Shape:
        joint {m: [B, N_m, D]} -> [B, sum of N_m, D]: every modality anchored on the others;
        anchored [B, N, D], {m: [B, N_m, D]} -> [B, N, D].
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        num_heads: int = 4,
        depth: int = 1,
        mlp_ratio: float = 4.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities)
        self.nothing = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.layers = CrossAttentionLayers(dim, num_heads, mlp_ratio, dropout, depth)

    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        fused = [self.onto(own, {n: t for n, t in tokens.items() if n != name}) for name, own in tokens.items()]
        return Tokens.cat(fused)

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        attend = self.layers.bind(self.gather(context))
        return lambda anchor: Tokens(attend(anchor.features), anchor.mask)

    def attended(self, tokens: Mapping[str, Tokens]) -> Tensor:
        found = {}
        for name, own in tokens.items():
            context = {other: one for other, one in tokens.items() if other != name}
            with watched(self.layers) as seen:
                self.onto(own, context)
            stays, weights = across(seen)
            size = 1 + sum(one.features.shape[1] for one in context.values()) if context else weights.shape[-1]
            weights = weights.view(*weights.shape[:2], -1, size).sum(
                2
            )  # what a subclass adds to each token counts as it
            found[name] = stays, dict(zip(context, split_columns(weights[..., 1:], context), strict=True))
        return side_by_side(tokens, found)

    def gather(self, tokens: Mapping[str, Tokens]) -> Tokens:
        """Mark and concatenate all tokens, ``nothing`` first."""
        marked = super().gather(tokens)
        nothing = self.nothing.expand(marked.features.shape[0], -1, -1)
        return Tokens.cat([Tokens(nothing, torch.ones_like(marked.mask[:, :1])), marked])


def split_columns(weights: Tensor, tokens: Mapping[str, Tokens]) -> list[Tensor]:
    """Split weights over the tokens of several modalities. [B, N, sum of N_m] -> [B, N, N_m] of each"""
    sizes = [own.features.shape[1] for own in tokens.values()]
    return list(torch.split(weights, sizes, -1)) if sizes else []


def side_by_side(tokens: Mapping[str, Tokens], found: Mapping[str, tuple[float, Mapping[str, Tensor]]]) -> Tensor:
    """Join what each modality attends to.

    Args:
        tokens: By modality. [B, N_m, D]
        found: By modality how much its tokens stay themselves, and by other modality how much they attend to it.

    Returns:
        [B, sum of N_m, sum of N_m]
    """
    rows = []
    for name, (stays, others) in found.items():
        batch, size, _ = tokens[name].features.shape
        itself = stays * torch.eye(size, device=tokens[name].features.device).expand(batch, -1, -1)
        blank = [itself.new_zeros(batch, size, one.features.shape[1]) for one in tokens.values()]
        known = {**dict(zip(tokens, blank, strict=True)), **others, name: itself}
        rows.append(torch.cat([known[one].expand(batch, -1, -1) for one in tokens], -1))
    return torch.cat(rows, 1)


class CrossAttentionLayers(nn.ModuleList):
    """Stack cross-attention layers over one context."""

    def __init__(self, dim: int, num_heads: int, mlp_ratio: float, dropout: float, depth: int) -> None:
        super().__init__(CrossAttentionLayer(dim, num_heads, mlp_ratio, dropout) for _ in range(depth))

    def bind(self, context: Tokens) -> Callable[[Tensor], Tensor]:
        """Project the context [B or 1, S, D] once; return what takes [B, N, D] through all layers."""
        projected = [[part.contiguous() for part in layer.project(context.features)] for layer in self]  # type: ignore[operator]

        def attend(x: Tensor) -> Tensor:
            for layer, (key, value) in zip(self, projected, strict=True):
                x = layer(x, key.expand(x.shape[0], -1, -1, -1), value.expand(x.shape[0], -1, -1, -1), context.mask)
            return x

        return attend


class CrossAttentionLayer(nn.Module):
    """Cross-attend to projected keys and values, pre-norm. [B, N, D] -> [B, N, D]"""

    def __init__(self, dim: int, num_heads: int, mlp_ratio: float, dropout: float) -> None:
        super().__init__()
        self.norm_query, self.norm_key, self.norm = nn.LayerNorm(dim), nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = Attention(dim, num_heads, dropout)
        self.mlp = Mlp(dim, mlp_ratio, dropout)

    def project(self, keys: Tensor) -> tuple[Tensor, Tensor]:
        """[B, S, D] -> keys and values, twice [B, H, S, D / H]"""
        return self.attention.project(self.norm_key(keys))

    def forward(self, x: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
        x = x + self.attention.attend(self.norm_query(x), key, value, mask)
        return x + self.mlp(self.norm(x))  # type: ignore[no-any-return]
