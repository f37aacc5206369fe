"""What a fusion can represent: its accuracy on questions whose best possible accuracy is known.

All is read from the runs' files: ``facts.json`` has the best possible accuracy, ``summary.json`` the one reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmexp.analysis.statistics import mean
from mmexp.run.jsonfile import read_json
from mmexp.run.summary import RunRow

CAN, PARTLY = 0.85, 0.3  # share of what can be gained


@dataclass(frozen=True)
class Bounds:
    """What is known of a question beforehand, as accuracies.

    Args:
        chance: Of a guess.
        single: Of the best answer from the best single modality.
        optimal: Of the best answer.
        skill: What it takes to answer, in words.
    """

    chance: float
    single: float
    optimal: float
    skill: str = ""

    def share(self, accuracy: float) -> float:
        """Part of what fusing can add that was reached: 0 the best single modality, 1 the optimum.

        Where one modality suffices, it is counted from chance.
        """
        floor = self.single if self.single < self.optimal else self.chance
        return (accuracy - floor) / (self.optimal - floor)

    def verdict(self, accuracy: float) -> str:
        """can, partly or cannot."""
        share = self.share(accuracy)
        return "can" if share >= CAN else "partly" if share >= PARTLY else "cannot"


@dataclass(frozen=True)
class Findings:
    """Accuracy on the test split, means over seeds.

    Args:
        accuracy: By fusion, by question; a question whose runs all failed is left out.
        bounds: By question.
    """

    accuracy: Mapping[str, Mapping[str, float]]
    bounds: Mapping[str, Bounds]

    @classmethod
    def read(cls, rows: Sequence[RunRow | None]) -> Findings:
        """Gather finished runs of ``dataset=interactions``."""
        found: dict[str, dict[str, list[float]]] = {}
        bounds: dict[str, Bounds] = {}
        for row in rows:
            value = row.metrics.get("test/accuracy") if row else None
            if row is None or value is None:
                continue
            question = str(row.config["dataset.interaction"])
            found.setdefault(str(row.config["fusion"]), {}).setdefault(question, []).append(value)
            bounds[question] = _bounds(read_json(row.folder.facts))
        means = {fusion: {q: mean(values) for q, values in own.items()} for fusion, own in found.items()}
        return cls(means, bounds)

    def ranked(self) -> list[str]:
        """Fusions, those that can do most first."""

        def score(fusion: str) -> tuple[float, str]:
            own = self.accuracy[fusion]
            return -sum(min(1.0, max(0.0, self.bounds[q].share(value))) for q, value in own.items()), fusion

        return sorted(self.accuracy, key=score)

    def skills(self, fusion: str) -> dict[str, list[str]]:
        """What a fusion can, partly or cannot do, in words."""
        found: dict[str, list[str]] = {"can": [], "partly": [], "cannot": []}
        for question, bounds in self.bounds.items():
            if (value := self.accuracy[fusion].get(question)) is not None:
                found[bounds.verdict(value)].append(bounds.skill)
        return found

    def plain(self) -> dict[str, Any]:
        """Return what ``mmexp probe --json`` prints."""
        known = {
            name: {q: getattr(b, name) for q, b in self.bounds.items()} for name in ("chance", "single", "optimal")
        }
        return {"accuracy": {fusion: dict(self.accuracy[fusion]) for fusion in self.ranked()}, **known}


def _bounds(facts: Mapping[str, Any]) -> Bounds:
    return Bounds(facts["chance"], max(facts["single"].values()), facts["optimal"], facts["skill"])
