"""Entities found among words: right if the words and the type are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor
from torchmetrics import Metric

Entity = tuple[int, int, str]
"""First word, the word after the last, type."""


def entities(tags: Sequence[str]) -> list[Entity]:
    """Read entities off tags: each is one B- and the I- of its type that follow; an I- that follows neither is none."""
    found: list[Entity] = []
    for position, tag in enumerate(tags):
        prefix, _, kind = tag.partition("-")
        if prefix == "B":
            found.append((position, position + 1, kind))
        elif prefix == "I" and found and found[-1][1:] == (position, kind):
            found[-1] = (found[-1][0], position + 1, kind)
    return found


class EntityF1(Metric):
    """Compute the harmonic mean of precision and recall of entities.

    Over all entities of all samples (micro), and by type. A type that is neither predicted nor there has NaN.

    Source: Tjong Kim Sang and De Meulder 2003, "Introduction to the CoNLL-2003 Shared Task",
    https://aclanthology.org/W03-0419, section 2.4; tags read as strict IOB2.

    Args:
        types: Those to report one by one; others count among all.
    """

    full_state_update = False
    higher_is_better = True
    right: Tensor
    predicted: Tensor
    true: Tensor

    def __init__(self, *, types: Sequence[str]) -> None:
        super().__init__()
        self.types = tuple(types)
        for name in ("right", "predicted", "true"):
            self.add_state(name, torch.zeros(len(self.types) + 1, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, preds: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> None:
        """Add one batch of rows of tags."""
        for pred, target in zip(preds, targets, strict=True):
            ours, theirs = set(entities(pred)), set(entities(target))
            for state, found in ((self.right, ours & theirs), (self.predicted, ours), (self.true, theirs)):
                state += self._count(found).to(state.device)

    def compute(self) -> dict[str, Tensor]:
        """``f1``, ``precision`` and ``recall`` in [0, 1], and ``f1_<type>``; each NaN where it divides by none."""
        right, predicted, true = self.right.sum(), self.predicted.sum(), self.true.sum()
        whole = {
            "f1": 2 * right / (predicted + true),
            "precision": right / predicted,
            "recall": right / true,
        }
        each = 2 * self.right / (self.predicted + self.true)
        return whole | {f"f1_{name}": each[i] for i, name in enumerate(self.types)}

    def _count(self, found: set[Entity]) -> Tensor:
        """Number of each type, all others last."""
        number = Counter(kind if kind in self.types else None for _, _, kind in found)
        return torch.tensor([number[kind] for kind in (*self.types, None)])
