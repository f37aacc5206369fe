"""What a classification is decided on: scores of its classes, of the fused inputs or of each modality by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Criterion = Callable[[Tensor, Tensor], Tensor]
"""Loss of each sample from the logits and the probabilities that its classes should have. twice [N, C] -> [N]"""


@dataclass(frozen=True)
class Decision:
    """The decision for each sample of a batch.

    Args:
        logits: Log-odds of each class by itself if several may apply, else log-probabilities up to a constant. [B, C]
    """

    logits: Tensor

    def losses(self, criterion: Criterion, targets: Tensor, known: Tensor) -> Tensor:
        """Return the loss of each sample whose label is known. N of them

        Args:
            criterion: Of the task.
            targets: Probabilities that the classes should have. [N, C]
            known: Which samples have a label. bool [B]
        """
        return criterion(self.logits[known], targets)


@dataclass(frozen=True)
class Votes(Decision):
    """A decision that was made of those of the modalities, each of which learns to be right by itself.

    Args:
        logits: Of all together. [B, C]
        each: Logits of each modality. [B, M, C]
        present: Which modalities are there. bool [B, M]
    """

    each: Tensor
    present: Tensor

    def losses(self, criterion: Criterion, targets: Tensor, known: Tensor) -> Tensor:
        """Return the mean loss of the modalities of each sample, those it has; of all where it has none. [N]"""
        votes, there = self.each[known], counted(self.present[known])
        losses = torch.stack([criterion(vote, targets) for vote in votes.unbind(1)], 1)  # [N, M]
        return (losses * there).sum(1) / there.sum(1)


def counted(present: Tensor) -> Tensor:
    """Return which modalities count in each row: those that are present, or all where none is. bool [B, M]"""
    return present | ~present.any(1, keepdim=True)
