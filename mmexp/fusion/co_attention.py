"""Co-attention: a cross-modal transformer for each ordered pair of modalities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.attention import CrossAttentionLayers, side_by_side
from mmexp.fusion.base import Fusion
from mmexp.layer.attention import watched
from mmexp.layer.rollout import across


class CoAttentionFusion(Fusion):
    """Fuse by directional cross-attention between each pair of modalities: ``mean_s CM_{s->t}(x_t, x_s)``.

    The mean is over the sources that a row has; a target without any stays as it is.

    Source: Tsai et al. 2019, "Multimodal Transformer for Unaligned Multimodal Language Sequences",
    https://arxiv.org/abs/1906.00295, sec. 3.2, the directional pairs of cross-modal transformers. Differs: the results
    of a target are averaged rather than concatenated, which keeps the width whatever is missing; no temporal
    convolution comes before, no self-attention after, which the encoders may do.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; the first is the anchor in the anchored form.
        num_heads: Attention heads.
        depth: Layers of each pair, all over the same source.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature.

    Shape:
        joint {m: [B, N_m, D]} -> [B, sum of N_m, D]; anchored [B, N, D], {m: [B, N_m, D]} -> [B, N, D].
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
        places = range(len(self.modalities))
        pairs = [f"{source}->{target}" for target in places for source in places if source != target]
        self.pairs = nn.ModuleDict(
            {pair: CrossAttentionLayers(dim, num_heads, mlp_ratio, dropout, depth) for pair in pairs}
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        return Tokens.cat([self.toward(self.slot(name), tokens)(own) for name, own in tokens.items()])

    def attended(self, tokens: Mapping[str, Tokens]) -> Tensor:
        return side_by_side(tokens, {name: self._sources(name, tokens) for name in tokens})

    def _sources(self, name: str, tokens: Mapping[str, Tokens]) -> tuple[float, dict[str, Tensor]]:
        """Return how much the tokens of a target stay themselves, and how much they attend to each source."""
        target, stays, found = self.slot(name), 0.0, {}
        others = {other: own for other, own in tokens.items() if other != name}
        present = {other: own.present[:, None, None].float() for other, own in others.items()}  # [B, 1, 1]
        for other, own in others.items():
            layers: CrossAttentionLayers = self.pairs[f"{self.slot(other)}->{target}"]  # type: ignore[assignment]
            with watched(layers) as seen:
                layers.bind(own)(tokens[name].features)
            stays, weights = across(seen)
            found[other] = weights * present[other] / sum(present.values()).clamp(min=1)  # type: ignore[union-attr]
        return stays, found

    def onto(self, anchor: Tokens, context: Mapping[str, Tokens]) -> Tokens:
        return self.bind(context)(anchor)

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        return self.toward(0, context)

    def toward(self, target: int, tokens: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        """Project all modalities but the target for it; return what fuses the target with them."""
        others = [(self.slot(name), own) for name, own in tokens.items() if self.slot(name) != target]
        if not others:
            return lambda anchor: anchor
        attends = [self.pairs[f"{source}->{target}"].bind(own) for source, own in others]  # type: ignore[operator]
        present = torch.stack([own.present for _, own in others])[..., None, None]  # [S, B, 1, 1]

        def fuse(anchor: Tokens) -> Tokens:
            x = anchor.features
            moved = torch.stack([attend(x) - x for attend in attends]) * present  # [S, B, N, D]
            return Tokens(x + moved.sum(0) / present.sum(0).clamp(min=1), anchor.mask)

        return fuse
