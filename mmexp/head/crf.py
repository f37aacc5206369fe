"""Score sequences of tags by a linear-chain CRF."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class CRF(nn.Module):
    """Score and decode BIO tags: I- only continues an entity of its type; other transitions are learned, if asked.

    ``score(tags) = sum_i logit_i[tag_i] + w[tag_(i-1), tag_i]``, w being minus infinity where the rule forbids it.

    Source: Lafferty et al. 2001, "Conditional Random Fields"; as a layer: Lample et al. 2016, "Neural Architectures for
    Named Entity Recognition", https://arxiv.org/abs/1603.01360, section 2.2. Differs: the rule is kept in training too.

    Args:
        tags: O, B-<type> and I-<type>, C of them; position i is class i.
        learned: Whether w is learned; else it is 0 where the rule allows.
    """

    forbidden: Tensor

    def __init__(self, tags: Sequence[str], *, learned: bool = False) -> None:
        super().__init__()
        before = (*tags, "O")  # O comes before the first word
        allowed = [[not tag.startswith("I-") or last[1:] == tag[1:] for tag in tags] for last in before]
        self.register_buffer("forbidden", ~torch.tensor(allowed), persistent=False)
        self.weight = nn.Parameter(torch.zeros(len(before), len(tags))) if learned else None

    def steps(self) -> Tensor:
        """w, the begin last. [C + 1, C]"""
        weight = torch.zeros(self.forbidden.shape, device=self.forbidden.device) if self.weight is None else self.weight
        return weight.masked_fill(self.forbidden, -torch.inf)

    @torch.no_grad()
    def best(self, logits: Tensor, mask: Tensor) -> Tensor:
        """Viterbi search of the row with the highest score. [B, N, C], [B, N] -> class numbers [B, N]"""
        steps, own = self.steps(), torch.arange(logits.shape[2], device=logits.device)
        score = logits[:, 0] + steps[-1]  # [B, C]
        sources = []
        for position in range(1, logits.shape[1]):
            reached, source = (score.unsqueeze(2) + steps[:-1]).max(1)  # [B, C]
            real = mask[:, position, None]
            score = torch.where(real, reached + logits[:, position], score)
            sources.append(torch.where(real, source, own))
        row = [score.argmax(1)]
        for source in reversed(sources):
            row.append(source.gather(1, row[-1].unsqueeze(1)).squeeze(1))
        return torch.stack(row[::-1], 1)

    def nll(self, logits: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        """Negative log-probability of each row among all that the rule allows. [B, N, C], [B, N], [B, N] -> [B]"""
        steps = self.steps()
        total = logits[:, 0] + steps[-1]  # [B, C]
        chosen = total.gather(1, targets[:, :1]).squeeze(1)  # [B]
        for position in range(1, logits.shape[1]):
            real, last, now = mask[:, position], targets[:, position - 1], targets[:, position]
            reached = (total.unsqueeze(2) + steps[:-1]).logsumexp(1) + logits[:, position]  # [B, C]
            total = torch.where(real.unsqueeze(1), reached, total)
            step = steps[last, now] + logits[:, position].gather(1, now.unsqueeze(1)).squeeze(1)
            chosen = chosen + torch.where(real, step, 0)
        return total.logsumexp(1) - chosen
