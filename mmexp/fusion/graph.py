"""Graph attention between tokens and hubs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.fusion.token import TokenFusion
from mmexp.layer.attention import FeatureDropout


class GraphFusion(TokenFusion):
    """Fuse by graph attention over a graph with a hub per modality: token - hub - hub - token, and self-loops.

    ``x_i + elu(sum_j a_ij S x_j)`` over the neighbours j, with ``a_ij = softmax_j(a . leaky_relu(T x_i + S x_j))``,
    in each layer for all nodes at once. A hub begins as the mean of its tokens. Anchored: each anchor position is a
    node of its own with edges from the context's hubs and none to them.

    Source: Velickovic et al. 2018, "Graph Attention Networks", https://arxiv.org/abs/1710.10903, eq. 4 and 5, with the
    attention of Brody et al. 2022, "How Attentive are Graph Attention Networks?", https://arxiv.org/abs/2105.14491,
    eq. 7. Differs: pre-norm and residual. Written in plain torch: the edges follow from the masks, a token having two
    and a hub N + M, so that dense sums do what a library of graphs would be needed for otherwise.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; the first is the anchor in the anchored form.
        num_heads: Attention heads; must divide dim.
        depth: Layers. A token is reached by the other modalities after two.
        dropout: Probability of dropping a feature of a message.

    Shape:
        joint {m: [B, N_m, D]} -> [B, sum of N_m + 1, D], tokens and then hubs; anchored [B, N, D], {m: [B, N_m, D]} ->
        [B, N, D].

    Raises:
        ValueError: If num_heads does not divide dim.
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        num_heads: int = 4,
        depth: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities)
        self.hub = nn.Parameter(torch.randn(len(self.modalities), dim) * 0.02)
        self.layers = nn.ModuleList(GraphAttentionLayer(dim, num_heads, dropout) for _ in range(depth))

    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        own, hubs = self.nodes(tokens)
        for layer in self.layers:
            own, hubs = layer.advance(own, hubs)  # type: ignore[operator]
        return Tokens.cat([*own, hubs])

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        states = [self.nodes(context)]
        for layer in self.layers[:-1]:
            states.append(layer.advance(*states[-1]))  # type: ignore[operator]
        hubs = states[0][1].mask  # [B, M]
        messages = [layer.say(near.features) for layer, (_, near) in zip(self.layers, states, strict=True)]  # type: ignore[operator]

        def fuse(anchor: Tokens) -> Tokens:
            x = self.mark(self.modalities[0], anchor).features
            rows, places, _ = x.shape
            edges = torch.cat([anchor.mask.unsqueeze(2), hubs.unsqueeze(1).expand(rows, places, -1)], 2)
            for layer, near in zip(self.layers, messages, strict=True):
                there = near.unsqueeze(1).expand(rows, places, -1, -1, -1)  # [B, N, M, H, d]
                x = layer(x, torch.cat([layer.say(x).unsqueeze(2), there], 2), edges)  # type: ignore[operator]
            return Tokens(x, anchor.mask)

        return fuse

    def nodes(self, tokens: Mapping[str, Tokens]) -> tuple[list[Tokens], Tokens]:
        """Tokens of each modality, and the hubs [B, M, D] of those that were given; of none, one row of padding."""
        if not tokens:
            return [self.gather({})], self.gather({})
        own = [self.mark(name, some) for name, some in tokens.items()]
        centres = [some.pool() + self.hub[self.slot(name)] for name, some in zip(tokens, own, strict=True)]
        return own, Tokens(torch.stack(centres, 1), torch.stack([some.present for some in own], 1))


class GraphAttentionLayer(nn.Module):
    """Attend to the messages of K neighbours, in each head."""

    def __init__(self, dim: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"GraphFusion: num_heads must divide dim {dim}, got {num_heads}.")
        self.norm = nn.LayerNorm(dim)
        self.target, self.source = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.score = nn.Parameter(torch.randn(num_heads, dim // num_heads) * (num_heads / dim) ** 0.5)
        self.dropout = FeatureDropout(dropout)

    def say(self, x: Tensor) -> Tensor:
        """Compute the messages of nodes to their neighbours. [B, N, D] -> [B, N, H, D / H]"""
        return self.source(self.norm(x)).unflatten(-1, self.score.shape)  # type: ignore[no-any-return]

    def forward(self, x: Tensor, said: Tensor, edges: Tensor) -> Tensor:
        """Nodes [B, N, D], messages of their neighbours [B, N, K, H, D / H], bool [B, N, K] -> [B, N, D]"""
        own = self.target(self.norm(x)).unflatten(-1, self.score.shape).unsqueeze(2)  # [B, N, 1, H, d]
        scores = (F.leaky_relu(own + said, 0.2) * self.score).sum(-1).float()  # [B, N, K, H]
        weights = scores.masked_fill(~edges.unsqueeze(-1), -1e9).softmax(2) * edges.unsqueeze(-1)
        messages = (weights.unsqueeze(-1) * said).sum(2)  # [B, N, H, d]
        return x + self.dropout(F.elu(messages.flatten(2)))  # type: ignore[no-any-return]

    def advance(self, tokens: list[Tokens], hubs: Tokens) -> tuple[list[Tokens], Tokens]:
        """Advance a whole graph by one step, in which hub m [B, M, D] is that of the m-th modality."""
        near, moved, centres = self.say(hubs.features), [], []
        for place, own in enumerate(tokens):
            said, here = self.say(own.features), slice(place, place + 1)
            pair = torch.stack([said, near[:, here].expand_as(said)], 2)  # [B, N, 2, H, d]
            moved.append(Tokens(self(own.features, pair, own.mask.unsqueeze(2).expand(-1, -1, 2)), own.mask))
            edges = torch.cat([hubs.mask, own.mask], 1).unsqueeze(1)  # [B, 1, M + N]
            centres.append(self(hubs.features[:, here], torch.cat([near, said], 1).unsqueeze(1), edges))
        return moved, Tokens(torch.cat(centres, 1), hubs.mask)
