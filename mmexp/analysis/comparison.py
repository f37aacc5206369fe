"""What is compared, as plots and pages show it: each ranking with its ways, their names and their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmexp.analysis.claim import distinct_labels
from mmexp.analysis.compare import Group, Ranking, compare
from mmexp.analysis.verdict import BaselineComparison, Verdict
from mmexp.error import ConfigError
from mmexp.run.collect import to_compare
from mmexp.run.command import first_run
from mmexp.run.summary import BROKEN, DONE, RunRow, neighbours, row


@dataclass(frozen=True)
class Way:
    """One group of a ranking.

    Args:
        position: In the ranking, from 0, the best.
        name: What sets it apart; no two of a ranking share one.
        group: Its runs.
        verdict: Whether it beats its baseline; None if it fuses nothing.
        is_baseline: Whether it is one that a fusion of the ranking must beat: one input alone, or a control.
    """

    position: int
    name: str
    group: Group
    verdict: Verdict | None
    is_baseline: bool

    @property
    def is_single(self) -> bool:
        """Whether it is a baseline of one input alone."""
        return self.is_baseline and not self.group.runs[0].control

    @property
    def name_in_margins(self) -> str:
        """Its name, and what it is compared with where that is a control and no single input."""
        is_control = self.verdict and self.verdict.is_control
        return f"{self.name} (over {self.verdict.baseline})" if self.verdict and is_control else self.name


@dataclass(frozen=True)
class Comparison:
    """A ranking and what is drawn of it.

    Args:
        ranking: Groups on the same data, best first.
        ways: One per group.
    """

    ranking: Ranking
    ways: tuple[Way, ...]

    @property
    def title(self) -> str:
        """Task, dataset, the beginning of the fingerprint of the data, and the name of the runs if they share one."""
        task, dataset, fingerprint, tokenize = self.ranking.benchmark
        known = [f"data {fingerprint[:8]}" if fingerprint else "", f"scored in {tokenize}" if tokenize else ""]
        names = {run.folder.name for way in self.ways for run in way.group.runs}
        known.append(f"runs {', '.join(names)}" if len(names) == 1 else "")
        return ", ".join([f"{task} on {dataset}", *filter(None, known)])

    @property
    def verdicts(self) -> list[Verdict | None]:
        """One per way."""
        return [way.verdict for way in self.ways]

    @property
    def scored(self) -> list[tuple[Way, float]]:
        """Ways with the mean of what they are ranked by, where that is defined."""
        found = [(way, way.group.score(self.ranking.metric).mean) for way in self.ways]
        return [(way, mean) for way, mean in found if mean is not None]

    @property
    def drawn(self) -> list[tuple[Way, float]]:
        """Ways whose means set the range of a plot: fusions and the best single input, all where nothing is fused."""
        single = self.best_single
        found = [one for one in self.scored if not one[0].is_baseline]
        return [*found, *([single] if single else [])] if found else self.scored

    @property
    def best_single(self) -> tuple[Way, float] | None:
        """The best way with one input, and its mean."""
        return next(((way, mean) for way, mean in self.scored if way.is_single), None)


def make_comparison(ranking: Ranking, baselines: BaselineComparison) -> Comparison:
    """Name the ways of a ranking, and compare each with its baseline."""
    lone = [bool(group.runs[0].control) or len(group.runs[0].inputs) == 1 for group in ranking.groups]
    below = [one and not all(lone) for one in lone]
    named = zip(distinct_labels(ranking), ranking.groups, baselines.verdicts(ranking), below, strict=True)
    return Comparison(ranking, tuple(Way(i, *one) for i, one in enumerate(named)))


@dataclass(frozen=True)
class ComparedRuns:
    """What is known of runs that were named together.

    Args:
        comparisons: One for each task and data set.
        unfinished: Runs that are not done.
        trials: How many runs are left out, as they chose the settings of others.
    """

    comparisons: Sequence[Comparison]
    unfinished: Sequence[RunRow]
    trials: int


def read_comparisons(refs: Sequence[str], outputs: str, by: Sequence[str] = (), metric: str = "") -> ComparedRuns:
    """Compare runs with one another, and with their baselines, also where these are not named.

    Args:
        refs: What names runs, see ``collect``; all of ``outputs`` if there is none.
        outputs: Folder of all runs.
        by: Config keys to group by; everything but seed and fold if empty.
        metric: Key to rank by; the test value of what the runs monitored if empty.

    Raises:
        ConfigError: If there is no run, or none that is done.
    """
    folders, left_out = to_compare(refs, outputs)
    own = [row(folder) for folder in folders]
    if not any(one.status == DONE for one in own):
        rule = "runs must be done to be compared"
        raise ConfigError(f"compare: {rule}, got none of {len(own)} in {outputs}.", first_run(outputs))
    baselines = BaselineComparison(neighbours(folders) if refs else own)
    found = [make_comparison(ranking, baselines) for ranking in compare(_with(own, baselines), by, metric)]
    unfinished = [one for one in own if one.status not in (DONE, BROKEN)]
    return ComparedRuns(found, unfinished, left_out)


def _with(rows: Sequence[RunRow], baselines: BaselineComparison) -> list[RunRow]:
    known = {one.folder.path.absolute() for one in rows}
    return [*rows, *(one for one in baselines.of(rows) if one.folder.path.absolute() not in known)]
