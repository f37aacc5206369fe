"""What a run of each way costs, from those that were measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean, median


@dataclass
class Costs:
    """Estimate the seconds of a run of a way that trains a share of its epochs.

    Args:
        measured: By way, the seconds of a whole training, and those of all else that a run does.
    """

    measured: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, way: str, share: float, seconds: float, train: float) -> None:
        """Count a run.

        Args:
            way: Its name.
            share: Of its epochs that it was trained for.
            seconds: Its job has taken, without what is done once for all, as features are encoded.
            train: Of these, in the steps.
        """
        self.measured.setdefault(way, []).append((train / share, max(0.0, seconds - train)))

    def of(self, way: str, share: float = 1.0) -> float:
        """Return the seconds that a run of a way takes; as the others do on average where none of it was measured."""
        train, rest = (self._median(way, column) for column in (0, 1))
        return train * share + rest

    def _median(self, way: str, column: int) -> float:
        typical = {name: median(one[column] for one in runs) for name, runs in self.measured.items()}
        return typical[way] if way in typical else fmean(typical.values()) if typical else 0.0
