"""Fusions of vectors: one method, ``combine``, gives both forms."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from mmexp.contract import Tokens
from mmexp.fusion.base import Fusion
from mmexp.pool.base import Pool


class VectorFusion(Fusion):
    """Fuse vectors: pool each modality to one, then combine them.

    Joint: all modalities are pooled and give one token. Anchored: the context is pooled once, and combined with each
    anchor position.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; the first is the anchor in the anchored form.
        pool: How tokens become a vector.

    Shape:
        joint {m: [B, N_m, D]} -> [B, 1, D]; anchored [B, N, D], {m: [B, N_m, D]} -> [B, N, D].
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool) -> None:
        super().__init__(dim=dim, modalities=modalities)
        self.pool = pool

    @abstractmethod
    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        """Combine M vectors. [..., M, D], bool [..., M] -> [..., D]; absent vectors are zero."""

    def forward(self, tokens: Mapping[str, Tokens]) -> Tokens:
        vectors, present = self.gather(tokens, self.modalities)  # [B, M, D], [B, M]
        return Tokens(self.combine(vectors, present).unsqueeze(1), present.any(1, keepdim=True))

    def onto(self, anchor: Tokens, context: Mapping[str, Tokens]) -> Tokens:
        return self.bind(context)(anchor)

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        others = self.modalities[1:]
        vectors, present = self.gather(context, others) if context else (None, None)

        def fuse(anchor: Tokens) -> Tokens:
            rows, places, dim = anchor.features.shape
            own = anchor.features.unsqueeze(2)  # [B, N, 1, D]
            rest = own.new_zeros(rows, 1, len(others), dim) if vectors is None else vectors.unsqueeze(1)
            there = anchor.mask.new_zeros(rows, 1, len(others)) if present is None else present.unsqueeze(1)
            every = torch.cat([own, rest.expand(-1, places, -1, -1).to(own.dtype)], 2)  # [B, N, M, D]
            known = torch.cat([anchor.mask.unsqueeze(2), there.expand(-1, places, -1)], 2)  # [B, N, M]
            return Tokens(anchor.features + self.combine(every, known), anchor.mask)

        return fuse

    def gather(self, tokens: Mapping[str, Tokens], names: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Pool the named modalities; one that is left out is absent. -> [B, M, D], bool [B, M]"""
        for name in tokens:
            self.slot(name)
        some = next(iter(tokens.values()))
        absent = some.features.new_zeros(some.features.shape[0], self.dim), torch.zeros_like(some.present)
        pairs = [(self.pool(tokens[n]), tokens[n].present) if n in tokens else absent for n in names]
        present = torch.stack([there for _, there in pairs], 1)
        vectors = torch.stack([vector.to(some.features.dtype) for vector, _ in pairs], 1)
        return vectors * present.unsqueeze(-1), present
