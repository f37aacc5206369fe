"""What each change of a run does, compared with the run as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmexp.analysis.difference import Difference
from mmexp.analysis.holm import holm
from mmexp.analysis.margin import margin
from mmexp.analysis.statistics import mean
from mmexp.analysis.verdict import LEVEL
from mmexp.run.summary import RunRow


@dataclass(frozen=True)
class Effect:
    """What one change does.

    Args:
        change: Its name.
        score: Mean of the metric.
        difference: To the runs without it, positive where it is better.
        adjusted: p value that counts all changes; None without an interval.
    """

    change: str
    score: float
    difference: Difference
    adjusted: float | None = None

    @property
    def text(self) -> str:
        """What may be said of it."""
        if self.adjusted is None:
            return "not tested: 3 shared seeds are needed"
        if self.adjusted >= LEVEL:
            return "no difference shown"
        return "better" if self.difference.mean > 0 else "worse"


def metric_of(run: RunRow) -> str:
    """Return the metric by which a run is compared: the one it monitors, on the test split if it is there."""
    test = f"test/{run.monitor.rpartition('/')[2]}"
    return test if run.metrics.get(test) is not None else run.monitor


def effects(originals: Sequence[RunRow], changed: Mapping[str, Sequence[RunRow]]) -> list[Effect]:
    """Compare changed runs with the originals of the same seed and fold; p values count all changes.

    Args:
        originals: Runs that differ only in seed and fold; at least one.
        changed: Runs by the change; one without a run of the same seed and fold is left out.
    """
    metric, mode = metric_of(originals[0]), originals[0].mode
    known = {_repetition(run): run for run in originals if run.metrics.get(metric) is not None}
    found: list[Effect] = []
    for change, runs in changed.items():
        own = [run for run in runs if run.metrics.get(metric) is not None and _repetition(run) in known]
        if own:
            pairs = [(run, known[_repetition(run)]) for run in own]
            score = mean([run.metrics[metric] or 0.0 for run in own])
            found.append(Effect(change, score, margin(pairs, metric, mode)))
    tested = [i for i, one in enumerate(found) if one.difference.p is not None]
    adjusted = dict(zip(tested, holm([p for i in tested if (p := found[i].difference.p) is not None]), strict=True))
    return [Effect(one.change, one.score, one.difference, adjusted.get(i)) for i, one in enumerate(found)]


def _repetition(run: RunRow) -> tuple[object, object]:
    return run.config.get("seed"), run.config.get("fold")
