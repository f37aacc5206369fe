"""Precision, recall and F1 of each class, from prediction rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmexp.analysis.predictions import labels, plain

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ClassScores:
    """How well one class is found.

    Args:
        name: Of the class.
        samples: That are of it, its support.
        predicted: Samples that it is predicted for.
        right: Samples that are of it and that it is predicted for.
        known: Whether training had it; one that it had not can never be predicted.
    """

    name: Any
    samples: int
    predicted: int
    right: int
    known: bool

    @property
    def precision(self) -> float | None:
        """Share of its predictions that are right; None if it is never predicted."""
        return self.right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Share of its samples that it is predicted for; None without samples."""
        return self.right / self.samples if self.samples else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall, 0 if it is never predicted; None without samples."""
        return 2 * self.right / (self.samples + self.predicted) if self.samples else None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON types; what is undefined is None."""
        scores = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {"class": self.name, "samples": self.samples, "predicted": self.predicted, **scores, "known": self.known}


def per_class(rows: Iterable[Row], classes: Sequence[Any]) -> list[ClassScores]:
    """Count targets and predictions of each class.

    Args:
        rows: With ``target`` and ``label``, one or several each, as their classes are called; rows without a target do
            not count.
        classes: Those that training had, in order.

    Returns:
        One for each class, in the same order, then one for each target that is none of them.
    """
    known = [row for row in rows if row.get("target") is not None]
    sides = [({plain(one): one for one in labels(row["target"])}, {*map(plain, labels(row["label"]))}) for row in known]
    named = {plain(one): one for one in classes}
    others = {key: one for targets, _ in sides for key, one in targets.items() if key not in named}
    samples = Counter(key for targets, _ in sides for key in targets)
    predicted = Counter(key for _, found in sides for key in found)
    right = Counter(key for targets, found in sides for key in {*targets} & found)
    return [
        ClassScores(name, samples[key], predicted[key], right[key], key in named)
        for key, name in (*named.items(), *sorted(others.items()))
    ]
