"""Labels to look at again: those that are likely wrong, and samples of which a run is least certain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmexp.analysis.confident_learning import LabelQuality, confident_learning
from mmexp.analysis.predictions import labels, read_rows
from mmexp.error import ConfigError
from mmexp.run.summary import RunRow
from mmexp.study.suggest import uncertainty

ABSENT, PRESENT = 0, 1


@dataclass(frozen=True)
class Scores:
    """Scores of classes of labelled samples, none of which was trained on.

    Args:
        ids: Of the samples.
        classes: Their names.
        values: Mean over the runs that have scored a sample. [N, C]
        targets: The given label of each, or its labels where several may apply.
        several: Whether several may apply.
        runs: How many runs there are.
    """

    ids: Sequence[str]
    classes: Sequence[str]
    values: np.ndarray
    targets: Sequence[Any]
    several: bool
    runs: int

    def row(self, index: int) -> dict[str, Any]:
        """Return a sample with its label, and the scores of all classes."""
        scores = dict(zip(self.classes, map(float, self.values[index]), strict=True))
        label: Any = max(scores, key=lambda name: scores[name])
        if self.several:
            label = [name for name, score in scores.items() if score > 0.5]
        return {"id": self.ids[index], "label": label, "scores": scores, "target": self.targets[index]}


def read_scores(runs: Sequence[RunRow], split: str) -> Scores:
    """Read the prediction rows of runs on the same data; of one sample in several of them, the mean scores.

    Runs of folds complement one another: each sample is scored by the run that was not trained on it.

    Args:
        runs: At least one.
        split: Of the rows: val or test.

    Raises:
        ConfigError: If the runs are of other data, their task scores no classes, or too few scores are kept.
    """
    if split not in ("val", "test"):
        raise ConfigError(f"review: --split must be val or test, which are not trained on, got {split!r}.")
    if other := [run for run in runs if run.fingerprint != runs[0].fingerprint]:
        rule = f"review: RUNs must be of the same data as {runs[0].folder.id}"
        raise ConfigError(f"{rule}, got {other[0].folder.id}.")
    found: dict[str, list[Mapping[str, Any]]] = {}
    for run in runs:
        for row in read_rows(run, f"{split}/"):
            if row.get("target") is not None:
                found.setdefault(str(row["id"]), []).append(_scored(row, run))
    if not found:
        raise ConfigError(f"review: {split} must have labelled predictions, got none of {runs[0].folder.id}.")
    classes = sorted({name for rows in found.values() for row in rows for name in row["scores"]})
    if any(len(row["scores"]) < len(classes) for rows in found.values() for row in rows):
        rule = f"review: predictions must hold the scores of all {len(classes)} classes or more"
        hint = f"Train it again with task.listed={len(classes)} or more."
        raise ConfigError(f"{rule}, got only the best few.", hint)
    values = [np.mean([[row["scores"][name] for name in classes] for row in rows], axis=0) for rows in found.values()]
    first = [rows[0] for rows in found.values()]
    several = any(isinstance(row["target"], list) for row in first)
    return Scores(list(found), classes, np.array(values), [row["target"] for row in first], several, len(runs))


def review(scores: Scores, top: int) -> dict[str, Any]:
    """Find labels that are likely wrong, and the least certain samples.

    Args:
        scores: Of labelled samples.
        top: Least certain samples that are listed.

    Returns:
        Plain values: ``mislabelled``, all that are flagged, the likeliest first; ``uncertain``; ``estimated_share`` of
        wrong labels; ``joint``, by given and true class where one class applies; ``samples`` and ``notes``.
    """
    known = _known(scores)
    notes: list[str] = []
    if left := len(scores.ids) - len(known):
        notes.append(f"{left} samples are left out: their label is of no class that the run knows.")
    parts = _by_class(scores, known) if scores.several else [_by_label(scores, known)]
    flagged = [one for _, rows in parts for one in rows]
    order = np.argsort([uncertainty(scores.row(i), "margin") for i in range(len(scores.ids))], kind="stable")[::-1]
    uncertain = [_uncertain(scores, int(i)) for i in order[:top]]
    shares = [quality.share for quality, _ in parts]
    found: dict[str, Any] = {"samples": len(scores.ids), "runs": scores.runs, "classes": len(scores.classes)}
    found |= {"estimated_share": float(np.mean(shares)), "flagged": len({one["id"] for one in flagged})}
    found["mislabelled"] = sorted(flagged, key=lambda one: one["margin"])
    found |= {"uncertain": uncertain, "notes": notes}
    if not scores.several:
        rows = parts[0][0].joint
        found["joint"] = {
            given: {true: float(x) for true, x in zip(scores.classes, row, strict=True) if x}
            for given, row in zip(scores.classes, rows, strict=True)
        }
    return found


def _scored(row: Mapping[str, Any], run: RunRow) -> Mapping[str, Any]:
    """Return a row that has scores.

    Raises:
        ConfigError: If it has none.
    """
    if not isinstance(row.get("scores"), Mapping):
        known = ", ".join(row)
        rule = "review: RUN must be of a task that scores classes"
        raise ConfigError(f"{rule}, got predictions of {known} from {run.folder.id}.")
    return row


def _known(scores: Scores) -> list[int]:
    """Samples whose labels are all classes that have a score."""
    classes = set(scores.classes)
    return [i for i, given in enumerate(scores.targets) if {str(one) for one in labels(given)} <= classes]


def _by_label(scores: Scores, known: list[int]) -> tuple[LabelQuality, list[dict[str, Any]]]:
    """What is found where one class applies."""
    place = {name: c for c, name in enumerate(scores.classes)}
    given = np.array([place[str(scores.targets[i])] for i in known])
    quality = confident_learning(scores.values[known], given)
    wrong = np.flatnonzero(quality.suggested != given)
    return quality, [
        _flag(scores, known[k], scores.targets[known[k]], scores.classes[int(quality.suggested[k])], quality, k)
        for k in wrong
    ]


def _by_class(scores: Scores, known: list[int]) -> list[tuple[LabelQuality, list[dict[str, Any]]]]:
    """What is found where several classes may apply: each is a question of its own, whether it applies."""
    found = []
    for c, name in enumerate(scores.classes):
        applies = scores.values[known][:, c]
        given = np.array([name in map(str, labels(scores.targets[i])) for i in known], int)
        quality = confident_learning(np.stack([1 - applies, applies], 1), given)
        words = {ABSENT: f"not {name}", PRESENT: name}
        rows = [
            _flag(scores, known[k], words[int(given[k])], words[int(quality.suggested[k])], quality, k)
            for k in np.flatnonzero(quality.suggested != given)
        ]
        found.append((quality, rows))
    return found


def _flag(scores: Scores, index: int, given: Any, suggested: str, quality: LabelQuality, place: Any) -> dict[str, Any]:
    own = {"self_confidence": float(quality.self_confidence[place]), "margin": float(quality.margin[place])}
    return {"id": scores.ids[index], "target": given, "suggested": suggested, **own}


def _uncertain(scores: Scores, index: int) -> dict[str, Any]:
    row = scores.row(index)
    best = sorted(row["scores"].items(), key=lambda pair: -pair[1])[:3]
    return {**row, "scores": dict(best), "uncertainty": uncertainty(row, "margin")}
