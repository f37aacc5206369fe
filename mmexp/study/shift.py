"""Shift between groups: a metric on samples of groups that training has seen, and of those that it never has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmexp.study.estimate import Measured
from mmexp.study.fairness import together
from mmexp.study.studied_run import StudiedRun


@dataclass(frozen=True)
class Shift:
    """What a run loses on new groups.

    Args:
        column: That names the groups.
        samples: Number of them, by ``seen`` and ``unseen``.
        groups: Number of them, likewise.
        found: The metric, likewise.
        sign: 1 if more of it is better, -1 if less is.
    """

    column: str
    samples: dict[str, int]
    groups: dict[str, int]
    found: Measured[str]
    sign: int

    def plain(self) -> dict[str, Any]:
        """Return what is written: each part, and ``loss``, by how much the metric is worse on groups never seen."""
        parts = {name: self._part(name) for name in self.samples}
        loss = self.found.estimate(lambda value: self.sign * (value("seen") - value("unseen")))
        return {"column": self.column, **parts, "loss": loss.plain()}

    def _part(self, name: str) -> dict[str, Any]:
        value = self.found.estimate(lambda value: value(name))
        return {"samples": self.samples[name], "groups": self.groups[name], **value.plain()}


def shift_of(study: StudiedRun) -> Shift | None:
    """Evaluate a run on samples of groups seen in training and on those of others; None if there are not both.

    Groups are those of ``dataset.group_by`` or ``dataset.split.groups``; the run knows which of them it was trained on.
    """
    trained = {*study.trained.facts.get("groups", {}).get("train", ())}
    known = [(sample, study.groups[sample.id]) for sample in study.samples if sample.id in study.groups]
    parts = {
        "seen": [one for one in known if one[1] in trained],
        "unseen": [one for one in known if one[1] not in trained],
    }
    if not trained or not all(parts.values()):
        return None
    scores = {name: study.score([sample for sample, _ in own]) for name, own in parts.items()}
    return Shift(
        str(study.dataset.grouping()["column"]),
        {name: len(own) for name, own in parts.items()},
        {name: len({group for _, group in own}) for name, own in parts.items()},
        together(scores, study.metric),
        study.sign,
    )
