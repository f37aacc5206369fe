"""Embed modalities so that those of one sample lie close."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.loss.contrastive import Pairs, infonce
from mmexp.pool.base import Pool

Pair = tuple[str, str]


class Alignment(nn.Module):
    """Project each modality alone to unit vectors, and contrast those of some pairs of modalities.

    Source: Radford et al. 2021, "CLIP", https://arxiv.org/abs/2103.00020, section 2.3; all pairs, each with a
    temperature of its own: Guzhov et al. 2021, "AudioCLIP", https://arxiv.org/abs/2106.13043, section 3; pairs with one
    modality: Girdhar et al. 2023, "ImageBind", https://arxiv.org/abs/2305.05665, section 3.2.

    Args:
        modalities: Their names.
        pairs: Of modalities that are contrasted.
        pool: How tokens become a vector; each modality gets its own copy.
        dim: Width D of the tokens and of the embeddings.
    """

    def __init__(self, *, modalities: Sequence[str], pairs: Sequence[Pair], pool: Pool, dim: int) -> None:
        super().__init__()
        self.modalities, self.pairs = tuple(modalities), tuple(pairs)
        self.pools = nn.ModuleList(copy.deepcopy(pool) for _ in modalities)
        self.projections = nn.ModuleList(nn.Linear(dim, dim, bias=False) for _ in modalities)
        self.log_scales = nn.Parameter(torch.full((len(pairs),), math.log(1 / 0.07)))

    def forward(self, tokens: Mapping[str, Tokens], present: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Embed each modality, as zero where a sample lacks it. {m: [B, N_m, D]}, {m: bool [B]} -> {m: [B, D]}"""
        parts = zip(self.modalities, self.pools, self.projections, strict=True)
        return {
            name: F.normalize(project(pool(tokens[name])).float(), dim=1)
            * (present[name] & tokens[name].present).unsqueeze(1)
            for name, pool, project in parts
        }

    @property
    def scales(self) -> Tensor:
        """What the cosine similarity of each pair of modalities is multiplied by. [pairs]"""
        return self.log_scales.clamp(max=math.log(100)).exp()

    def loss(self, embeddings: Mapping[str, Tensor], everywhere: bool) -> Tensor:
        """Average InfoNCE over the pairs of modalities that any sample has; a sample that lacks one is left out. -> []

        Args:
            embeddings: {m: [B, D]}
            everywhere: Contrast with the samples of all processes, each of which must call this at the same time.
        """
        terms, counted = [], []
        for (one, other), scale in zip(self.pairs, self.scales, strict=True):
            pairs = Pairs.of(embeddings[one], embeddings[other], everywhere)
            terms.append(infonce(pairs, scale, scale))
            counted.append(pairs.all_queries.any())
        return torch.stack(terms).sum() / torch.stack(counted).sum().clamp(min=1)

    def likeness(self, embeddings: Mapping[str, Tensor]) -> Tensor:
        """Average the cosine similarity over the pairs that each sample has, 0 if it has none. -> [B]"""
        both = [embeddings[one].any(1) & embeddings[other].any(1) for one, other in self.pairs]
        total = torch.stack([(embeddings[one] * embeddings[other]).sum(1) for one, other in self.pairs]).sum(0)
        return total / torch.stack(both).sum(0).clamp(min=1)


def pairs_of(modalities: Sequence[str], centre: str | None = None) -> list[Pair]:
    """Pair all modalities, or each with a central one, which then comes first."""
    if centre is None:
        return list(combinations(modalities, 2))
    return [(centre, name) for name in modalities if name != centre]
