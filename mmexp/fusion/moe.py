"""Sparsely gated mixture of experts."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.fusion.vector import VectorFusion
from mmexp.layer.sample_weights import SampleWeights
from mmexp.pool.base import Pool

RATE = 0.01
"""How far one step moves the running average of the load."""


class MoeFusion(VectorFusion):
    """Fuse by a sparse mixture of experts over the concatenation: ``sum_e p_e MLP_e([v_1; ...; v_M])``.

    The sum runs over the ``top_k`` largest of ``p = softmax(R [v_1; ...; v_M])``. A penalty keeps the load even:
    ``balance * E * sum_e f_e P_e``, with f the part of the choices that fell on an expert and P its mean trust.

    Source: Shazeer et al. 2017, "Outrageously Large Neural Networks", https://arxiv.org/abs/1701.06538, eq. 1; router
    and penalty: Fedus et al. 2021, "Switch Transformers", https://arxiv.org/abs/2101.03961, eq. 1, 2 and 4 to 6.
    Differs: every expert is computed and the others masked, since there are few; no capacity limit; no noise; for more
    than one expert f counts all choices.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        num_experts: Experts E, each with one hidden layer of width 2 D.
        top_k: Experts that are applied to a vector, from 1 to num_experts.
        balance: Weight of the penalty in the training loss, unitless.
        dropout: Probability of dropping a hidden feature.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].

    Raises:
        ValueError: If top_k is not from 1 to num_experts.
    """

    load: Tensor

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        pool: Pool,
        num_experts: int = 4,
        top_k: int = 2,
        balance: float = 0.01,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        if not 1 <= top_k <= num_experts:
            raise ValueError(f"MoeFusion: top_k must be from 1 to num_experts {num_experts}, got {top_k}.")
        self.top_k, self.balance = top_k, balance
        width, hidden = len(self.modalities) * dim, 2 * dim
        self.router = nn.Parameter(torch.randn(width, num_experts) * width**-0.5)
        self.up = nn.Parameter(torch.randn(num_experts, width, hidden) * width**-0.5)
        self.up_bias = nn.Parameter(torch.zeros(num_experts, hidden))
        self.down = nn.Parameter(torch.randn(num_experts, hidden, dim) * hidden**-0.5)
        self.down_bias = nn.Parameter(torch.zeros(num_experts, dim))
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("load", torch.full((num_experts,), 1 / num_experts))
        self.tally: Tensor | None = None
        self.sample_weights = SampleWeights()

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        joined = vectors.flatten(-2)  # [..., M D]
        trust, chosen = self.route(joined)
        if self.training:
            self.count(trust, chosen, present)
        hidden = F.gelu(torch.einsum("...i,eih->...eh", joined, self.up) + self.up_bias)  # [..., E, H]
        outputs = torch.einsum("...eh,ehd->...ed", self.dropout(hidden), self.down) + self.down_bias  # [..., E, D]
        weights: Tensor = self.sample_weights(trust * chosen, present)
        return (weights.unsqueeze(-1) * outputs).sum(-2)  # [..., D]

    def route(self, joined: Tensor) -> tuple[Tensor, Tensor]:
        """Trust in each expert, and 1 for each that is chosen, in float32. [..., M D] -> twice [..., E]"""
        with torch.autocast(joined.device.type, enabled=False):
            trust = (joined.float() @ self.router.float()).softmax(-1)
        return trust, torch.zeros_like(trust).scatter(-1, trust.topk(self.top_k).indices, 1.0)

    def count(self, trust: Tensor, chosen: Tensor, present: Tensor) -> None:
        """Add up the choices and the trust of the real rows: in the anchored form, those with an anchor."""
        real = present[..., :1] if present.ndim > 2 else present.any(-1, keepdim=True)
        sums = (torch.stack([chosen, trust]) * real).flatten(1, -2).sum(1)  # [2, E]
        self.tally = sums if self.tally is None else self.tally + sums

    def penalties(self) -> dict[str, Tensor]:
        """Return the penalty of an uneven load over all forward passes in training since it was last asked for."""
        if self.tally is None:
            return {}
        chosen, trust = F.normalize(self.tally, p=1.0, dim=1)  # [E], [E]; both sum to 1, or to 0 without a real row
        self.tally = None
        self.load.lerp_(chosen.detach().to(self.load), RATE * chosen.detach().sum().to(self.load))
        return {"balance": self.balance * len(self.load) * (chosen.detach() * trust).sum()}

    def weights(self) -> dict[str, float]:
        """Return the running average of the load by expert, over the steps of training."""
        return {f"expert{i}": load for i, load in enumerate(self.load.tolist())}
