"""Classify whether the modalities of a fused sample belong together."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.mlp import Head
from mmexp.pool.base import Pool


class PairMatching(nn.Module):
    """Score fused samples: ``score = head(pool(fusion(tokens)))``, the log-odds of belonging together.

    A wrong sample has one modality from another sample, one that resembles what it joins.

    Source: Li et al. 2021, "Align before Fuse", https://arxiv.org/abs/2107.07651, section 3.2 and eq. 4. Differs: any
    number of modalities, each of which is exchanged in turn.

    Args:
        pool: How the fused tokens become a vector.
        dim: Width D of the tokens.
    """

    def __init__(self, *, pool: Pool, dim: int) -> None:
        super().__init__()
        self.pool, self.head = pool, Head(dim=dim, width=1, depth=1, dropout=0.0)

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion) -> tuple[Tensor, Tensor]:
        """Return the pooled samples and their scores. {m: [B, N_m, D]} -> [B, D], [B]"""
        pooled = self.pool(fusion(tokens))
        return pooled, self.head(pooled).squeeze(1).float()

    def loss(
        self,
        scores: Tensor,
        tokens: Mapping[str, Tokens],
        fusion: Fusion,
        embeddings: Mapping[str, Tensor],
        scale: Tensor,
    ) -> Tensor:
        """Classify samples of two modalities or more against wrong ones; both weigh the same. -> []

        Args:
            scores: Of the samples as they are. [B]
            tokens: {m: [B, N_m, D]}
            fusion: Fuses them.
            embeddings: Of each modality alone, zero where it is missing, by which wrong ones are drawn. {m: [B, D]}
            scale: What their likeness is multiplied by. []
        """
        present = torch.stack([own.any(1) for own in embeddings.values()])  # [M, B]
        both = present.sum(0) > 1
        wrong = []
        for name, own in embeddings.items():
            rows = (own.any(1) & both).nonzero().squeeze(1)  # [R]
            if len(rows) > 1:
                context = torch.stack([other for key, other in embeddings.items() if key != name]).sum(0)
                others = rows[self.draw((scale * context[rows] @ own[rows].T).detach())]
                swapped = {key: _rows(one, others if key == name else rows) for key, one in tokens.items()}
                wrong.append(self(swapped, fusion)[1])
        if not wrong:
            return scores.sum() * 0
        return (F.softplus(-scores[both]).mean() + F.softplus(torch.cat(wrong)).mean()) / 2

    def draw(self, likeness: Tensor) -> Tensor:
        """For each row another one: a likely one while training, else the likeliest. [R, R] -> [R]"""
        others = likeness.clone().fill_diagonal_(-torch.inf)
        return torch.multinomial(others.softmax(1), 1).squeeze(1) if self.training else others.argmax(1)


def _rows(tokens: Tokens, rows: Tensor) -> Tokens:
    return Tokens(tokens.features[rows], tokens.mask[rows])
