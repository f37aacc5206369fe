"""Prefix tuning."""

from __future__ import annotations

from torch import nn

from mmexp.layer.front import Front, KeyValuePrefix
from mmexp.method.front import FrontMethod


class PrefixMethod(FrontMethod):
    """Train keys and values that every block attends to before those of the words, and nothing else of the model.

    For models that keep keys and values, such as GPT-2 and its kin, as encoder or as decoder.

    Source: Li and Liang 2021, "Prefix-Tuning: Optimizing Continuous Prompts for Generation",
    https://arxiv.org/abs/2101.00190, sec. 4.2. Differs: without reparametrization; they start at random, at the scale
    of those of words.
    """

    def front(self, model: nn.Module) -> Front:
        return KeyValuePrefix(model, self.length)
