"""Ranking: runs that differ only in seed and fold become one group, groups on the same data are ranked."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mmexp.analysis.difference import Difference
from mmexp.analysis.margin import Pairs, margin
from mmexp.analysis.statistics import deviation, mean
from mmexp.config.schema import ROLES
from mmexp.error import ConfigError, nearest
from mmexp.run.summary import DONE, RunRow, as_json

_APART = tuple(name for name, role in ROLES.items() if role.ranked_apart)  # task and dataset
_REPEATED = tuple(name for name, role in ROLES.items() if role.kind == "repetition")  # seed and fold


@dataclass(frozen=True)
class Score:
    """One metric of a group.

    Args:
        mean: Over the runs in which it is defined.
        std: Sample standard deviation; None for one run.
        values: One per run, in the order of the group's runs; None where it is undefined.
    """

    mean: float | None
    std: float | None
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Group:
    """Runs that share everything but seed and fold, or the config keys that were chosen.

    Args:
        config: What they share, by config key.
        runs: At least one, all of one status and on the same data.
    """

    config: Mapping[str, Any]
    runs: tuple[RunRow, ...]

    @property
    def seeds(self) -> list[Any]:
        """Seed of each run."""
        return [run.config.get("seed") for run in self.runs]

    @property
    def folds(self) -> list[str]:
        """Folds of the data that were tested, each once; empty without folds."""
        return list(dict.fromkeys(run.config["fold"] for run in self.runs if "fold" in run.config))

    @property
    def metrics(self) -> dict[str, Score]:
        """Score by metric key."""
        return {key: self.score(key) for key in dict.fromkeys(key for run in self.runs for key in run.metrics)}

    def score(self, key: str) -> Score:
        """Score of one metric, undefined if no run has it."""
        values = tuple(run.metrics.get(key) for run in self.runs)
        known = [value for value in values if value is not None]
        return Score(mean(known) if known else None, deviation(known), values)

    def average(self, name: str) -> float | None:
        """Mean of ``parameters`` or ``seconds`` over the runs in which it is known."""
        known = [value for run in self.runs if (value := getattr(run, name)) is not None]
        return mean(known) if known else None

    @property
    def epsilon(self) -> float | None:
        """Largest epsilon of the runs, infinite if one has none; None if no run was trained privately."""
        known = [run.epsilon for run in self.runs]
        if all(one is None for one in known):
            return None
        return max(math.inf if one is None else one for one in known)

    def paired(self, key: str) -> dict[Hashable, RunRow]:
        """Run that has a metric by seed and fold, and by whatever else varies within the group."""
        return {name: run for name, run in self._repetitions.items() if run.metrics.get(key) is not None}

    @cached_property
    def _repetitions(self) -> dict[str, RunRow]:
        names = dict.fromkeys(name for run in self.runs for name in run.config if name not in self.config)
        varying = [n for n in names if n in _REPEATED or len({as_json(run.config.get(n)) for run in self.runs}) > 1]
        return {as_json({name: run.config.get(name) for name in varying}): run for run in self.runs}

    def plain(self) -> dict[str, Any]:
        """Return what ``mmexp compare --json`` prints."""
        first, count = self.runs[0], self.average("parameters")
        return {
            "config": dict(self.config),
            "n": len(self.runs),
            "seeds": self.seeds,
            "folds": self.folds,
            "status": first.status,
            "reason": first.reason,
            "fingerprint": first.fingerprint,
            "metrics": {key: vars(score) for key, score in self.metrics.items()},
            "parameters": None if count is None else round(count),
            "seconds": self.average("seconds"),
            **({"epsilon": self.epsilon if math.isfinite(self.epsilon) else None} if self.epsilon is not None else {}),
            "dirty": sum(run.dirty for run in self.runs),
            "resumed": sum(run.resumed > 0 for run in self.runs),
            "tags": sorted({tag for run in self.runs for tag in run.tags}),
            "notes": [run.note for run in self.runs if run.note],
            "runs": [run.folder.id for run in self.runs],
        }


@dataclass(frozen=True)
class Ranking:
    """Groups that may be compared: same task, same data.

    Args:
        benchmark: Task, dataset, fingerprint of the data, and what metrics of texts count; empty where that is unknown.
        metric: Key they are ranked by.
        mode: Whether less (min) or more (max) of it is better.
        groups: Best first; a group without the metric comes last.
    """

    benchmark: tuple[str, str, str, str]
    metric: str
    mode: str
    groups: tuple[Group, ...]

    @cached_property
    def columns(self) -> list[str]:
        """Config keys in which the groups differ, ``fusion`` if they do not.

        A choice within a part, such as ``pool@fusion.pool``, counts only where there is such a part.
        """
        keys = dict.fromkeys(key for group in self.groups for key in group.config if key not in _APART)
        return [key for key in keys if len(self._values(key)) > 1] or ["fusion"]

    def _values(self, key: str) -> set[str]:
        return {as_json(group.config.get(key)) for group in self.groups if "@" not in key or key in group.config}

    @property
    def lead(self) -> Difference | None:
        """By how much the best group is ahead of the second; None where there is no interval."""
        found = self.difference(*self.groups[:2]) if len(self.groups) > 1 else None
        return found if found and found.low is not None else None

    def difference(self, one: Group, other: Group) -> Difference | None:
        """By how much one group is better than another over the seeds and folds of both; None if they share none."""
        first, second = one.paired(self.metric), other.paired(self.metric)
        pairs: Pairs = [(first[key], second[key]) for key in first if key in second]
        return margin(pairs, self.metric, self.mode) if pairs else None


def compare(rows: Iterable[RunRow], by: Sequence[str] = (), metric: str = "") -> list[Ranking]:
    """Rank finished runs; runs on other tasks or other data, or with other tokens, get a ranking of their own.

    Args:
        rows: Any runs; those that are not done are left out.
        by: Config keys to group by; everything but seed and fold if empty.
        metric: Key to rank by; the test value of what the runs monitored if empty.

    Raises:
        ConfigError: If no run has such a key or metric, or it does not say whether more or less of it is better.
    """
    done = newest([row for row in rows if row.status == DONE])
    _check("--by", by, {key for row in done for key in row.config})
    _check("--metric", [metric] if metric else [], {key for row in done for key in row.metrics})
    benchmarks: dict[tuple[str, str, str, str], list[RunRow]] = {}
    for row in done:
        task, dataset = (str(row.config.get(key, "-")) for key in _APART)
        benchmarks.setdefault((task, dataset, row.fingerprint, row.tokenize), []).append(row)
    return [_rank(benchmark, group(members, by), metric) for benchmark, members in sorted(benchmarks.items())]


def newest(rows: Iterable[RunRow]) -> list[RunRow]:
    """Keep the newest of runs with the same config and seed: a repetition is no evidence."""
    oldest_first = sorted(rows, key=lambda row: row.folder.id)
    return list({row.identity: row for row in oldest_first}.values())


def group(rows: Iterable[RunRow], by: Sequence[str] = ()) -> list[Group]:
    """Gather rows that share ``by`` (all but seed and fold if empty), sorted by these; controls stay by themselves."""
    members: dict[str, list[RunRow]] = {}
    for row in sorted(rows, key=lambda row: [str(row.config.get(name, "")) for name in _REPEATED]):
        members.setdefault(as_json(_shared(row, by)), []).append(row)
    return [Group(_shared(runs[0], by), tuple(runs)) for runs in members.values()]


def _shared(row: RunRow, by: Sequence[str]) -> dict[str, Any]:
    return {
        key: value for key, value in row.config.items() if (key in (*by, "control") if by else key not in _REPEATED)
    }


def _rank(benchmark: tuple[str, str, str, str], groups: Sequence[Group], metric: str) -> Ranking:
    first = groups[0].runs[0]
    test = f"test/{first.monitor.rpartition('/')[2]}"
    main = metric or (test if any(group.score(test).mean is not None for group in groups) else first.monitor)
    mode = first.mode if _last(main) == _last(first.monitor) else _direction(main, groups)
    sign = -1 if mode == "max" else 1

    def order(one: Group) -> tuple[bool, float, str]:
        value = one.score(main).mean
        return value is None, sign * (value or 0.0), as_json(one.config)

    return Ranking(benchmark, main, mode, tuple(sorted(groups, key=order)))


def _direction(metric: str, groups: Sequence[Group]) -> str:
    """Return whether less (min) or more (max) of a metric is better, as the metric declared it in the runs."""
    declared = [run.directions for one in groups for run in one.runs]
    for directions in declared:
        if metric in directions:
            return directions[metric]
    rule = "must be one of which more or less is better, as the metric declares it"
    known = sorted({key for directions in declared for key in directions})
    hint = f"Choose one of: {', '.join(known)}." if known else "Leave --metric out: the monitored one is known."
    raise ConfigError(f"compare: --metric {rule}, got {metric!r}, which declares neither.", hint)


def _last(metric: str) -> str:
    return metric.rpartition("/")[2]


def _check(option: str, names: Iterable[str], known: set[str]) -> None:
    wrong = [name for name in names if name not in known]
    if wrong and known:
        raise ConfigError(
            [f"compare: {option} must name what the runs have, got '{name}'." for name in wrong],
            nearest(f"test/{wrong[0]}" if f"test/{wrong[0]}" in known else wrong[0], sorted(known)),
        )
