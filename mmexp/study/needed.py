"""What each class, and each sample, owes to a modality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmexp.analysis.predictions import Row, accuracy, labels, plain, score_of, with_truth
from mmexp.study.contribution import Coalition, Contribution, values
from mmexp.study.estimate import Estimate, means
from mmexp.study.shapley import shapley

CLASSES = 50
"""Classes of which each gets its own values, at most."""


@dataclass(frozen=True)
class OfClass:
    """What the modalities add to the recall of one class.

    Args:
        samples: Of the class.
        shapley: By modality.
    """

    samples: int
    shapley: Mapping[str, Estimate]


def by_class(found: Contribution) -> dict[str, OfClass]:
    """Return the values of each class; nothing for a task without classes, or with more than ``CLASSES``."""
    rows = _rows(found)
    first = rows[found.players]
    if not first or any("label" not in row or row.get("target") is None for row in first):
        return {}
    truth = [_classes(row["target"]) for row in first]
    names = sorted(set().union(*truth))
    groups = found.scores[found.absent][found.players].groups
    known = {}
    for name in names if len(names) <= CLASSES else ():
        places = [i for i, own in enumerate(truth) if name in own]
        right = {key: np.array([name in _classes(own[i]["label"]) for i in places], float) for key, own in rows.items()}
        recall = means(right, [str(first[i]["id"]) for i in places], groups)
        known[name.strip('"')] = OfClass(len(places), values(found.players, recall))
    return known


def by_sample(found: Contribution) -> list[dict[str, Any]]:
    """Return for each sample its score, the Shapley value of each modality in it, and the modalities it needed.

    A sample needs a modality if it is right with all of them, and wrong without that one; None if it is wrong with all.
    Nothing is returned where the metric is no mean over samples and the task has no labels.
    """
    rows = _rows(found)
    first, own_score = rows[found.players], score_of(found.study.metric)
    score = own_score or (accuracy if first and "label" in first[0] else None)
    if score is None:
        return []
    table = {key: np.array([score(row) for row in own]) for key, own in rows.items()}
    sign = found.study.sign if own_score else 1
    shares = shapley(found.players, lambda coalition: sign * table[coalition])
    parts = [{name: float(own[i]) for name, own in shares.items()} for i in range(len(first))]
    return [
        {"id": row["id"], "score": float(table[found.players][i]), "shapley": parts[i]}
        | ({"needed": _needed(found.players, table, i)} if score is accuracy else {})
        for i, row in enumerate(first)
    ]


def count_needed(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count the samples that needed the same modalities, the most frequent first."""
    counts = Counter(_named(row["needed"]) for row in rows if "needed" in row)
    return dict(counts.most_common())


def _rows(found: Contribution) -> dict[Coalition, list[Row]]:
    """Rows of each coalition, in the order of the ids."""
    own = found.scores[found.absent]
    return {key: sorted(with_truth(one.rows), key=lambda row: str(row["id"])) for key, one in own.items()}


def _classes(cell: Any) -> set[str]:
    return {plain(one) for one in labels(cell)}


def _needed(players: Coalition, table: Mapping[Coalition, np.ndarray], i: int) -> list[str] | None:
    if not table[players][i]:
        return None
    return [name for name in players if not table[tuple(one for one in players if one != name)][i]]


def _named(needed: Sequence[str] | None) -> str:
    return "wrong with all" if needed is None else "+".join(needed) or "none by itself"
