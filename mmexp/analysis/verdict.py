"""Baseline comparison: whether a fusion is better than its best single input, and than chance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from mmexp.analysis.compare import Group, Ranking, newest
from mmexp.analysis.difference import Difference
from mmexp.analysis.effect_size import effect_size
from mmexp.analysis.holm import holm
from mmexp.analysis.margin import Pairs, margin, margin_of_new_group, margin_over_majority_class
from mmexp.analysis.power import need
from mmexp.analysis.question import fusion_of, question
from mmexp.analysis.statistics import mean
from mmexp.run import advice
from mmexp.run.folder import RunFolder
from mmexp.run.summary import DONE, RunRow

Outcome = Literal["better", "no_better", "at_chance", "unknown"]
LEVEL = 0.05  # of false alarms over all fusions of a ranking


@dataclass(frozen=True)
class Verdict:
    """What a fusion is worth compared with its baseline.

    Args:
        outcome: better, no_better, at_chance, or unknown where baselines are missing.
        runs: Folders of the runs it is about.
        baseline: The best single input, the control or the majority class that decided; empty if unknown.
        margin: By how much the fusion is better than the baseline; None if unknown.
        is_control: Whether the baseline is no single input, because the task needs several.
        compared: Number of fusions whose verdicts are counted together.
        adjusted: p value that counts all of them, by Holm's procedure; None without an interval.
        new_group: Where the margin of one more group is expected; None unless groups were left out in turn.
    """

    outcome: Outcome
    runs: tuple[RunFolder, ...]
    baseline: str = ""
    margin: Difference | None = None
    is_control: bool = False
    compared: int = 1
    adjusted: float | None = None
    new_group: Difference | None = None

    @property
    def text(self) -> str:
        """The verdict in words, on one line."""
        if self.margin is None:
            return "not compared, because baselines are missing"
        kind = "control" if self.is_control else "single modality"
        words = (
            f"not shown above chance (control with {self.baseline} inputs):"
            if self.outcome == "at_chance"
            else f"beats its best {kind} ({self.baseline}) by"
            if self.is_better
            else f"{'worse' if self.is_worse and self.interval else 'no better'} than {self.baseline} alone:"
        )
        if not self.interval:
            return f"{words} {self.margin.mean:.3f}, but 3 shared seeds are needed to rule out chance variation"
        counted = f", p = {self.adjusted:.2g} by Holm over {self.compared}" if self.compared > 1 else ""
        return f"{words} {self.margin.mean:.3f} {self.interval} (95 %{counted}){self.needed}"

    @property
    def needed(self) -> str:
        """Over how many seeds, groups or samples the difference could be distinguished from none; empty if it is."""
        found = self.margin
        if found is None or self.outcome != "no_better" or not found.is_noise or not (more := need(found)):
            return ""
        return f"; cannot be distinguished with {found.pairs} {found.over}: {more}"

    @property
    def hint(self) -> str:
        """What to type for a verdict; empty if there is one."""
        return "" if self.margin is not None else f"Run: {advice.on_runs('baselines', self.runs)}"

    @property
    def is_better(self) -> bool:
        """Whether the fusion is shown to be better."""
        return self.outcome == "better"

    @property
    def is_worse(self) -> bool:
        """Whether the fusion is worse, beyond chance where there is an interval."""
        is_lost = self.margin is not None and self.margin.is_lost
        return is_lost and (self.adjusted is None or self.adjusted < LEVEL)

    @property
    def interval(self) -> str:
        """The interval as it is printed; empty if there is none."""
        if self.margin is None or self.margin.low is None or self.margin.high is None:
            return ""
        return f"[{self.margin.low:.3f}, {self.margin.high:.3f}]"

    def plain(self) -> dict[str, Any]:
        """Return what is printed as JSON."""
        found = self.margin or Difference(math.nan)
        named: dict[str, Any] = {"text": self.text, "outcome": self.outcome, "baseline": self.baseline or None}
        named |= {"difference": found.mean if self.margin else None, "low": found.low, "high": found.high, "p": found.p}
        named |= {"holm": self.adjusted, "compared": self.compared, "effect_size": effect_size(found)}
        named["new_group"] = [self.new_group.low, self.new_group.high] if self.new_group else None
        return named | {"over": found.over or None, "pairs": found.pairs, "method": found.method or None}


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
                self._baselines.setdefault(question(row), []).append(row)

    def verdicts(self, ranking: Ranking, unseen: Sequence[Group] = ()) -> list[Verdict | None]:
        """Compare each group of a ranking by the metric it is ranked by.

        Args:
            ranking: Groups; a false alarm counts all of their fusions.
            unseen: Groups that were left out of it once their results were known, which count too.
        """
        groups = (*ranking.groups, *unseen)
        found = adjust([self.verdict(group.runs, ranking.metric, ranking.mode) for group in groups])
        return found[: len(ranking.groups)]

    def of(self, rows: Iterable[RunRow]) -> list[RunRow]:
        """Return the baselines of those of some runs that fuse, each once."""
        asked = dict.fromkeys(question(row) for row in rows if row.status == DONE and row.is_fusion)
        return [baseline for one in asked for baseline in self._baselines.get(one, [])]

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
        one_more = margin_of_new_group(singles[baseline], metric, mode)
        outcome: Outcome = "better" if ahead and ahead.is_won else "no_better"
        return Verdict(outcome, folders, baseline, ahead, new_group=one_more)

    def baselines(self, run: RunRow) -> Sequence[RunRow]:
        """Return the single inputs and controls on the same data, of the same seed and config as a run."""
        return self._baselines.get(question(run), [])

    def _paired(self, fused: Sequence[RunRow], metric: str, mode: str) -> tuple[dict[str, Pairs], dict[str, Pairs]]:
        """Pair runs with their baselines, by the name of a control, and by that of a single input.

        Where a baseline was trained with several fusions, the one that shares most seeds is taken, then the best.
        """
        ways: dict[tuple[bool, str, str], list[tuple[RunRow, RunRow]]] = {}
        for run in fused:
            for other in self.baselines(run):
                if run.metrics.get(metric) is None or other.metrics.get(metric) is None:
                    continue
                if other.control and sorted(other.inputs) == sorted(run.inputs):
                    ways.setdefault((True, other.control, fusion_of(other)), []).append((run, other))
                elif not other.control and other.inputs[0] in run.inputs:
                    ways.setdefault((False, other.inputs[0], fusion_of(other)), []).append((run, other))
        controls: dict[str, Pairs] = {}
        singles: dict[str, Pairs] = {}
        for (is_control, name, _), pairs in sorted(
            ways.items(), key=lambda way: (*_standing(way[1], metric, mode), way[0])
        ):
            (controls if is_control else singles)[name] = pairs
        return controls, singles


def adjust(verdicts: Sequence[Verdict | None]) -> list[Verdict | None]:
    """Count all comparisons of fusions with their baselines: what is better by its own interval alone is no better."""
    tested = [one for one in verdicts if one and one.outcome in ("better", "no_better")]
    found = {id(one): one.margin.p for one in tested if one.margin and one.margin.p is not None}
    p_values = dict(zip(found, holm(list(found.values())), strict=True))

    def adjusted(one: Verdict) -> Verdict:
        if (p := p_values.get(id(one))) is None:
            return one
        outcome: Outcome = "no_better" if p >= LEVEL else one.outcome
        return replace(one, outcome=outcome, adjusted=p, compared=len(p_values))

    return [one and adjusted(one) for one in verdicts]


def _best(baselines: dict[str, Pairs], metric: str, mode: str) -> tuple[str, Difference | None]:
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
