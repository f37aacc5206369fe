"""What the scores of classes cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.transform.spelling import spelling


class ClassLoss(nn.Module, ABC):
    """Compute the loss of each sample from its scores of C classes, of which one applies or any number do.

    A class may count by a weight, as a target (multilabel: only where it applies). ``balanced`` weighs it by
    ``n / (C n_c)``, with ``n_c`` of n labels of the training split: all classes count the same together, and a label
    counts 1 on average; so does a class that has none. Losses are averaged over samples, not over weights as in
    ``torch.nn.CrossEntropyLoss``, so that how samples are put into batches does not matter.

    Args:
        weights: ``balanced``, or by class, 1 for one that is not named; None weighs all the same.
        counts: Class and number of its labels in the training split, in pairs.

    Raises:
        ValueError: If weights are neither, or one is not positive.

    Example:
        >>> import torch
        >>> from mmexp.loss.cross_entropy import CrossEntropyLoss
        >>> loss = CrossEntropyLoss(weights="balanced", counts=[("cat", 30), ("dog", 10)])
        >>> loss.set_classes(["cat", "dog"])
        >>> loss.weights
        tensor([0.6667, 2.0000])
        >>> loss.multiclass(torch.zeros(2, 2), torch.eye(2))
        tensor([0.4621, 1.3863])
    """

    weights: Tensor | None

    def __init__(
        self, *, weights: Literal["balanced"] | Mapping[str, float] | None = None, counts: Sequence[Sequence[Any]] = ()
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if isinstance(weights, str) and weights != "balanced":
            raise ValueError(f"{name}: weights must be balanced, null or by class, got {weights!r}.")
        self.balanced, self.given = weights == "balanced", {} if isinstance(weights, str) else dict(weights or {})
        self.counts = [(one, int(count)) for one, count in counts]
        if wrong := [f"{key}: {value}" for key, value in self.given.items() if not value > 0]:
            raise ValueError(f"{name}: weights must be positive, got {wrong[0]}.")
        self.register_buffer("weights", None)

    @abstractmethod
    def penalty(self, log_probability: Tensor) -> Tensor:
        """Return what it costs to give the truth a probability. Any shape, the same out"""

    def set_classes(self, classes: Sequence[Any], read: Callable[[Any], str] = spelling) -> None:
        """Put the weights in the order of the classes.

        Args:
            classes: C of them.
            read: Makes one text of all ways to write a class.

        Raises:
            ValueError: If a weight is of no class.
        """
        if not self.balanced and not self.given:
            return
        known = [read(one) for one in classes]
        found = {read(key): float(value) for key, value in self.given.items()}
        if self.balanced:
            found = balanced((read(one), count) for one, count in self.counts)
        if strange := [key for key in found if key not in known]:
            some = f"{', '.join(known[:8])}{' ...' if len(known) > 8 else ''}"
            raise ValueError(f"{type(self).__name__}: weights must be of {some}, got {strange[0]!r}.")
        self.register_buffer("weights", torch.tensor([found.get(key, 1.0) for key in known]), persistent=False)

    def multiclass(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss where one class applies.

        Args:
            logits: [N, C]
            targets: What share of a sample is of each class; a row sums to 1. [N, C]

        Shape:
            [N]
        """
        return self._weighted(targets * self.penalty(logits.log_softmax(-1))).sum(-1)

    def multilabel(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the mean loss over the classes where any number of them apply.

        Args:
            logits: [N, C]
            targets: Whether each class applies, in [0, 1]. [N, C]

        Shape:
            [N]
        """
        applies = self._weighted(targets * self.penalty(F.logsigmoid(logits)))
        return (applies + (1 - targets) * self.penalty(F.logsigmoid(-logits))).mean(-1)

    def notes(self) -> list[str]:
        """Say which counts the weights come from."""
        if not self.balanced:
            return []
        ranked = sorted(self.counts, key=lambda pair: -pair[1])
        shown = ", ".join(f"{one} {count}" for one, count in ranked[:20])
        more = f" and {len(self.counts) - 20} more" if len(self.counts) > 20 else ""
        return [f"train: classes are weighed by the inverse of their labels: {shown}{more}."]

    def _weighted(self, terms: Tensor) -> Tensor:
        return terms if self.weights is None else terms * self.weights


def balanced(counts: Iterable[tuple[str, int]]) -> dict[str, float]:
    """Return ``n / (C n_c)`` by class, of those that have labels."""
    labels: Counter[str] = Counter()
    for one, count in counts:
        labels[one] += count
    return {one: labels.total() / (len(labels) * count) for one, count in labels.items()}
