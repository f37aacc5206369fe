"""Trusted multi-view classification: opinions with their uncertainty, fused by Dempster's rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.fusion.decision import Criterion, Decision
from mmexp.fusion.voting import VotingFusion
from mmexp.pool.base import Pool


class TmcFusion(VotingFusion):
    """Fuse the opinions of the modalities by Dempster's rule: who has little evidence counts little.

    A modality's scores give evidence ``e = softplus(l)`` for K classes, hence a Dirichlet with ``alpha = e + 1`` and
    ``S = sum alpha``: beliefs ``b = e / S``, uncertainty ``u = K / S``. Combined, ``b = (b_1 b_2 + b_1 u_2 + b_2 u_1) /
    (1 - C)`` and ``u = u_1 u_2 / (1 - C)``, which is ``1 + e / K = prod_m (1 + e_m / K)``; a missing modality has no
    evidence and changes nothing. Probabilities are ``alpha / S``. The loss is that of the combined opinion plus that of
    each modality: the expected cross entropy under the Dirichlet, and ``t`` times its KL divergence, the evidence for
    the truth removed, from the uniform one. It takes the place of the task's own.

    Source: Han et al. 2021, "Trusted Multi-View Classification", https://arxiv.org/abs/2102.02051, sec. 3. Differs:
    ``t`` grows to 1 over batches in place of epochs; of several labels, each is an opinion on two outcomes with
    evidence ``softplus(l)`` and ``softplus(-l)``; scores are those of the task's head on an MLP per modality. Where
    there are no classes to decide on, or the positions of one modality are kept, the outputs of the MLPs are averaged
    instead.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        mlp_ratio: Hidden width of each modality's MLP over dim.
        dropout: Probability of dropping a hidden feature.
        annealing: Training batches over which the KL divergence comes to count in full.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D]; zero where none is present.

    Raises:
        ValueError: If annealing < 1.
    """

    step: Tensor

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        pool: Pool,
        mlp_ratio: float = 2.0,
        dropout: float = 0.0,
        annealing: int = 1000,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool, mlp_ratio=mlp_ratio, dropout=dropout)
        if annealing < 1:
            raise ValueError(f"TmcFusion: annealing must be at least 1, got {annealing}.")
        self.annealing = annealing
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    def vote(self, logits: Tensor, present: Tensor, multilabel: bool) -> Opinions:
        outcomes = torch.stack([logits, -logits], -1) if multilabel else logits.unsqueeze(2)  # [B, M, C or 1, K]
        evidence = F.softplus(outcomes) * present[:, :, None, None]
        fused = combine_evidence(evidence)  # [B, C or 1, K]
        alpha = (fused + 1).log()
        if self.training:
            self.step += 1
        trust = (self.step / self.annealing).clamp(max=1)
        return Opinions(alpha[..., 0] - alpha[..., 1] if multilabel else alpha[:, 0], evidence, fused, present, trust)


@dataclass(frozen=True)
class Opinions(Decision):
    """A decision made of evidence, and what the evidence costs.

    Args:
        logits: Of the combined opinion. [B, C]
        evidence: Of each modality, for K outcomes of each of J questions: one, or one for each of several labels.
            [B, M, J, K]
        fused: Of all together. [B, J, K]
        present: Which modalities are there. bool [B, M]
        annealed: How much the KL divergence counts, in [0, 1]. []
    """

    evidence: Tensor
    fused: Tensor
    present: Tensor
    annealed: Tensor

    def losses(self, criterion: Criterion, targets: Tensor, known: Tensor) -> Tensor:
        """Return the loss of the combined opinion and of that of each modality; the task's criterion is not read."""
        several = self.fused.shape[1] > 1
        truth = torch.stack([targets, 1 - targets], -1) if several else targets.unsqueeze(1)  # [N, J, K]
        fused = evidence_loss(self.fused[known], truth, self.annealed).mean(1)  # [N]
        each = evidence_loss(self.evidence[known], truth.unsqueeze(1), self.annealed).mean(2)  # [N, M]
        return fused + (each * self.present[known]).sum(1)


def combine_evidence(evidence: Tensor) -> Tensor:
    """Combine the evidence of M modalities for K outcomes by Dempster's rule. [B, M, J, K] -> [B, J, K]"""
    number = evidence.shape[-1]
    return number * torch.expm1(torch.log1p(evidence / number).sum(1))


def evidence_loss(evidence: Tensor, truth: Tensor, annealed: Tensor) -> Tensor:
    """Return the expected cross entropy, and the annealed divergence of the evidence that speaks against the truth.

    Shape:
        twice [..., K], [] -> [...].
    """
    alpha = evidence + 1
    total = alpha.sum(-1, keepdim=True)
    expected = (truth * (total.digamma() - alpha.digamma())).sum(-1)
    return expected + annealed * divergence_from_uniform(truth + (1 - truth) * alpha)


def divergence_from_uniform(alpha: Tensor) -> Tensor:
    """Return the KL divergence of a Dirichlet from the uniform one. [..., K] -> [...]"""
    total = alpha.sum(-1)
    constant = total.lgamma() - math.lgamma(alpha.shape[-1]) - alpha.lgamma().sum(-1)
    return constant + ((alpha - 1) * (alpha.digamma() - total.unsqueeze(-1).digamma())).sum(-1)
