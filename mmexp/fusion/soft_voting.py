"""Decision-level late fusion: the average of probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.fusion.decision import Votes, counted
from mmexp.fusion.fixed_weights import read_weights, renormalised
from mmexp.fusion.voting import VotingFusion
from mmexp.pool.base import Pool


class SoftVotingFusion(VotingFusion):
    """Fuse late, at the level of decisions: average the class probabilities of one classifier per modality.

    ``p = sum_m w_m p_m`` with ``w`` equal or given, summing to 1 over the modalities that are present; all of these
    count the same where none has a weight, and all classifiers, given zeros, where none is present. The loss is the
    mean of the classifiers' own: each learns to be right by itself, as if it were trained alone.

    Source: Kittler et al. 1998, "On Combining Classifiers", https://doi.org/10.1109/34.667881, eq. 13, the sum rule.
    Differs: a classifier is an MLP of the modality and the task's head, whose weights they share. Where there are no
    classes to decide on, or the positions of one modality are kept, the outputs of the MLPs are averaged instead.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        mlp_ratio: Hidden width of each modality's MLP over dim.
        dropout: Probability of dropping a hidden feature.
        fixed_weights: Weight by modality, such as ``{text: 2, image: 1}``, 1 of one that is not named.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D]; zero where none with a weight is present.

    Raises:
        ValueError: If a weight is of an unknown modality, negative or not finite, or all are 0.
    """

    fixed: Tensor

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        pool: Pool,
        mlp_ratio: float = 2.0,
        dropout: float = 0.0,
        fixed_weights: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool, mlp_ratio=mlp_ratio, dropout=dropout)
        weights = read_weights("SoftVotingFusion", self.modalities, fixed_weights or {})
        self.register_buffer("fixed", weights)

    def vote(self, logits: Tensor, present: Tensor, multilabel: bool) -> Votes:
        shares = self.shares(present)
        shares = torch.where(
            shares.any(1, keepdim=True), shares, renormalised(torch.ones_like(shares), counted(present))
        )

        def average(log_probabilities: Tensor) -> Tensor:
            return (log_probabilities + shares.log().unsqueeze(2)).logsumexp(1)  # [B, C]

        if multilabel:
            return Votes(average(F.logsigmoid(logits)) - average(F.logsigmoid(-logits)), logits, present)
        return Votes(average(logits.log_softmax(-1)), logits, present)

    def shares(self, present: Tensor) -> Tensor:
        return renormalised(self.fixed, present)
