"""Prompt tuning."""

from __future__ import annotations

from torch import nn

from mmexp.layer.front import Front, Prompt
from mmexp.method.front import FrontMethod


class PromptMethod(FrontMethod):
    """Train vectors that stand in front of those of the words, and nothing else of a pretrained model.

    Source: Lester et al. 2021, "The Power of Scale for Parameter-Efficient Prompt Tuning",
    https://arxiv.org/abs/2104.08691, sec. 2. Differs: they start at random, at the scale of the words' vectors.
    """

    def front(self, model: nn.Module) -> Front:
        return Prompt(model, self.length)
