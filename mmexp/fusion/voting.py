"""What fusions of decisions share: one network per modality, from whose output the task's head decides."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.fusion.decision import Decision
from mmexp.fusion.vector import VectorFusion
from mmexp.pool.base import Pool


class VotingFusion(VectorFusion):
    """Fuse decisions: each modality has an MLP of its own, the task's head scores its output, the scores are fused.

    Where there are no classes to decide on, or the positions of one modality are kept, the outputs of the MLPs are
    averaged over the modalities that are present instead.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        mlp_ratio: Hidden width of each modality's MLP over dim.
        dropout: Probability of dropping a hidden feature.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D]; zero where none is present.
    """

    def __init__(
        self, *, dim: int, modalities: Sequence[str], pool: Pool, mlp_ratio: float = 2.0, dropout: float = 0.0
    ) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        count, hidden = len(self.modalities), int(dim * mlp_ratio)
        self.up = nn.Parameter(torch.randn(count, dim, hidden) * dim**-0.5)
        self.up_bias = nn.Parameter(torch.zeros(count, hidden))
        self.down = nn.Parameter(torch.randn(count, hidden, dim) * hidden**-0.5)
        self.down_bias = nn.Parameter(torch.zeros(count, dim))
        self.dropout = nn.Dropout(dropout)

    @abstractmethod
    def vote(self, logits: Tensor, present: Tensor, multilabel: bool) -> Decision:
        """Fuse the class scores of the modalities. [B, M, C], bool [B, M]"""

    def decide(
        self, tokens: Mapping[str, Tokens], score: Callable[[Tokens], Tensor], multilabel: bool = False
    ) -> Decision:
        vectors, present = self.gather(tokens, self.modalities)  # [B, M, D], [B, M]
        own = self.outputs(vectors).flatten(0, 1).unsqueeze(1)  # [B M, 1, D]
        logits = score(Tokens(own, torch.ones_like(own[..., 0], dtype=torch.bool)))
        return self.vote(logits.view(*present.shape, -1), present, multilabel)

    def outputs(self, vectors: Tensor) -> Tensor:
        """What the MLP of each modality gives. [..., M, D] -> [..., M, D]"""
        hidden = F.gelu(torch.einsum("...md,mdh->...mh", vectors, self.up) + self.up_bias)  # [..., M, H]
        return torch.einsum("...mh,mhd->...md", self.dropout(hidden), self.down) + self.down_bias

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        return (self.shares(present).unsqueeze(-1) * self.outputs(vectors)).sum(-2)  # [..., D]

    def shares(self, present: Tensor) -> Tensor:
        """What each modality counts where outputs are averaged. bool [..., M] -> [..., M]"""
        return present / present.sum(-1, keepdim=True).clamp(min=1)
