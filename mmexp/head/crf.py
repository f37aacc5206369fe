"""Which tag may follow which, and the best row of tags under that."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class CRF(nn.Module):
    """Knows that an I- only continues an entity of its type, and learns, if asked, what else follows what.

    ``score(tags) = sum_i logit_i[tag_i] + w[tag_(i-1), tag_i]``, w being minus infinity where the rule forbids it.

    Source: Lafferty et al. 2001, "Conditional Random Fields"; as a layer: Lample et al. 2016, "Neural Architectures for
    Named Entity Recognition", https://arxiv.org/abs/1603.01360, section 2.2. Differs: the rule is kept in training too.

    Args:
        tags: O, B-<type> and I-<type>, C of them; place i is class i.
        learned: Whether w is learned; else it is 0 where the rule allows.
    """

    forbidden: Tensor

    def __init__(self, tags: Sequence[str], *, learned: bool = False) -> None:
        super().__init__()
        before = (*tags, "O")  # in front of the first word stands nothing
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
        for place in range(1, logits.shape[1]):
            reached, source = (score.unsqueeze(2) + steps[:-1]).max(1)  # [B, C]
            real = mask[:, place, None]
            score = torch.where(real, reached + logits[:, place], score)
            sources.append(torch.where(real, source, own))
        row = [score.argmax(1)]
        for source in reversed(sources):
            row.append(source.gather(1, row[-1].unsqueeze(1)).squeeze(1))
        return torch.stack(row[::-1], 1)

    def surprise(self, logits: Tensor, goals: Tensor, mask: Tensor) -> Tensor:
        """Negative log-probability of each row among all that the rule allows. [B, N, C], [B, N], [B, N] -> [B]"""
        steps = self.steps()
        total = logits[:, 0] + steps[-1]  # [B, C]
        chosen = total.gather(1, goals[:, :1]).squeeze(1)  # [B]
        for place in range(1, logits.shape[1]):
            real, last, now = mask[:, place], goals[:, place - 1], goals[:, place]
            reached = (total.unsqueeze(2) + steps[:-1]).logsumexp(1) + logits[:, place]  # [B, C]
            total = torch.where(real.unsqueeze(1), reached, total)
            step = steps[last, now] + logits[:, place].gather(1, now.unsqueeze(1)).squeeze(1)
            chosen = chosen + torch.where(real, step, 0)
        return total.logsumexp(1) - chosen
