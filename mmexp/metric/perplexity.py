"""Measure how probable a model finds the reference texts."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric


class Perplexity(Metric):
    """Compute the exponential of the mean negative log-likelihood per word: ``exp(mean(-log p(word)))``.

    The mean is over all words of all texts, the end included. It compares only models of the same vocabulary: a word
    outside it counts as the unknown one.

    Source: Jelinek et al. 1977, "Perplexity - a measure of the difficulty of speech recognition tasks",
    https://doi.org/10.1121/1.2016299.
    """

    full_state_update = False
    higher_is_better = False
    total: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(()), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, logits: Tensor, words: Tensor) -> None:
        """Add target tokens with their logits, without padding. [P, V], [P]"""
        self.total += F.cross_entropy(logits.float(), words, reduction="sum")
        self.count += len(words)

    def compute(self) -> Tensor:
        """From 1 up; NaN before any word."""
        return (self.total / self.count).exp()
