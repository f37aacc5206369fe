"""Baseline comparison: whether a fusion is better than its best single input, and than chance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mmexp.analysis.compare import Ranking, newest
from mmexp.analysis.margin import Margin, Pairs, margin, margin_over_majority_class
from mmexp.analysis.statistics import mean
from mmexp.config.schema import role_of, root_of
from mmexp.run import advice
from mmexp.run.folder import RunFolder
from mmexp.run.summary import DONE, RunRow

Outcome = Literal["better", "no_better", "at_chance", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """What a fusion is worth compared with its baseline.

    Args:
        outcome: better, no_better, at_chance, or unknown where baselines are missing.
        runs: Folders of the runs it is about.
        baseline: The best single input, the control or the majority class that decided; empty if unknown.
        margin: By how much the fusion is better than the baseline; None if unknown.
        is_control: Whether the baseline is no single input, because the task needs several.
    """

    outcome: Outcome
    runs: tuple[RunFolder, ...]
    baseline: str = ""
    margin: Margin | None = None
    is_control: bool = False

    @property
    def text(self) -> str:
        """The verdict in words, on one line."""
        if self.margin is None:
            return "not compared, because baselines are missing"
        if self.outcome == "at_chance":
            return "at chance"
        kind = "control" if self.is_control else "single modality"
        words = (
            f"beats its best {kind} ({self.baseline}) by"
            if self.is_better
            else f"no better than {self.baseline} alone:"
        )
        if self.interval:
            return f"{words} {self.margin.mean:.3f} {self.interval} (95 %)"
        return f"{words} {self.margin.mean:.3f}, but 3 shared seeds are needed to rule out chance variation"

    @property
    def hint(self) -> str:
        """What to type for a verdict; empty if there is one."""
        return "" if self.margin is not None else f"Run: {advice.on_runs('baselines', self.runs)}"

    @property
    def is_better(self) -> bool:
        """Whether the fusion is shown to be better."""
        return self.outcome == "better"

    @property
    def interval(self) -> str:
        """The interval as it is printed; empty if there is none."""
        if self.margin is None or self.margin.low is None or self.margin.high is None:
            return ""
        return f"[{self.margin.low:.3f}, {self.margin.high:.3f}]"

    def plain(self) -> dict[str, Any]:
        """Return what is printed as JSON."""
        found = self.margin
        numbers = (found.mean, found.low, found.high) if found else (None, None, None)
        named = {"text": self.text, "outcome": self.outcome, "baseline": self.baseline or None}
        return named | dict(zip(("difference", "low", "high"), numbers, strict=True))


class BaselineComparison:
    """Compare runs with their baselines: runs on the same data, of the same seed and config, except for the fusion.

    A *single* has one of the run's inputs, a *control* all of them, blank or shuffled.

    Args:
        rows: All runs among which baselines are looked for.
    """

    def __init__(self, rows: Iterable[RunRow]) -> None:
        self._baselines: dict[str, list[RunRow]] = {}
        for row in newest([row for row in rows if row.status == DONE]):
            if row.control or len(row.inputs) == 1:
                self._baselines.setdefault(_question(row), []).append(row)

    def verdicts(self, ranking: Ranking) -> list[Verdict | None]:
        """Compare each group of a ranking by the metric it is ranked by."""
        return [self.verdict(group.runs, ranking.metric, ranking.mode) for group in ranking.groups]

    def verdict(self, runs: Sequence[RunRow], metric: str, mode: str) -> Verdict | None:
        """Compare one way of fusing with the best of its baselines.

        Args:
            runs: Of that way; those among them that fuse nothing are left out.
            metric: Key by which they are compared.
            mode: Whether less (min) or more (max) of it is better.

        Returns:
            None if none of them fuses several inputs.
        """
        fused = [run for run in runs if run.is_fusion]
        if not fused:
            return None
        folders = tuple(run.folder for run in fused)
        controls, singles = self._paired(fused, metric, mode)
        chance, found = _best(controls, metric, mode)
        if found is None:
            chance, found = "majority class", margin_over_majority_class(fused, metric)
        if found and not found.is_won:
            return Verdict("at_chance", folders, chance, found, is_control=True)
        wanted = {name for run in fused for name in (run.inputs if run.alone is None else run.alone)}
        if not wanted and controls:
            return Verdict("better", folders, chance, found, is_control=True)
        if not wanted or wanted - set(singles):
            return Verdict("unknown", folders)
        baseline, ahead = _best(singles, metric, mode)
        return Verdict("better" if ahead and ahead.is_won else "no_better", folders, baseline, ahead)

    def _paired(self, fused: Sequence[RunRow], metric: str, mode: str) -> tuple[dict[str, Pairs], dict[str, Pairs]]:
        """Pair runs with their baselines, by the name of a control, and by that of a single input.

        Where a baseline was trained with several fusions, the one that shares most seeds is taken, then the best.
        """
        ways: dict[tuple[bool, str, str], list[tuple[RunRow, RunRow]]] = {}
        for run in fused:
            for other in self._baselines.get(_question(run), []):
                if run.metrics.get(metric) is None or other.metrics.get(metric) is None:
                    continue
                if other.control and sorted(other.inputs) == sorted(run.inputs):
                    ways.setdefault((True, other.control, _fusion(other)), []).append((run, other))
                elif not other.control and other.inputs[0] in run.inputs:
                    ways.setdefault((False, other.inputs[0], _fusion(other)), []).append((run, other))
        controls: dict[str, Pairs] = {}
        singles: dict[str, Pairs] = {}
        for (is_control, name, _), pairs in sorted(
            ways.items(), key=lambda way: (*_standing(way[1], metric, mode), way[0])
        ):
            (controls if is_control else singles)[name] = pairs
        return controls, singles


def _best(baselines: dict[str, Pairs], metric: str, mode: str) -> tuple[str, Margin | None]:
    """Return the name of the baseline with the best mean, and the margin over it."""
    if not baselines:
        return "", None
    name = max(sorted(baselines), key=lambda one: _level(baselines[one], metric, mode))
    return name, margin(baselines[name], metric, mode)


def _standing(pairs: Pairs, metric: str, mode: str) -> tuple[int, float]:
    return len(pairs), _level(pairs, metric, mode)


def _level(pairs: Pairs, metric: str, mode: str) -> float:
    """Return how good the baseline is; more is better."""
    level = mean([baseline.metrics[metric] or 0.0 for _, baseline in pairs])
    return level if mode == "max" else -level


def _question(row: RunRow) -> str:
    """What a run and its baselines share: the data, the seed and all of the config that is not the fusion's."""
    shared = {key: value for key, value in row.config.items() if not _may_differ(key)}
    return json.dumps([row.fingerprint, shared], sort_keys=True, default=str)


def _fusion(row: RunRow) -> str:
    """How a run fuses."""
    return json.dumps({key: value for key, value in row.config.items() if root_of(key) == "fusion"}, sort_keys=True)


def _may_differ(key: str) -> bool:
    """Whether a run and its baselines may differ in a config key, such as ``inputs`` and ``pool@fusion.pool``."""
    return root_of(key) == "fusion" or role_of(key).of_baseline
