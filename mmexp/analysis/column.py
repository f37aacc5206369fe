"""Columns of a ranking, by name: what a row of runs has in it, and how that is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mmexp.analysis.cell import cell, score, worth
from mmexp.analysis.compare import Group, Ranking, Score
from mmexp.analysis.text import count, duration
from mmexp.analysis.verdict import Verdict
from mmexp.error import ConfigError, nearest
from mmexp.run.start import read_start


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        name: Its heading.
        values: What each row has, in plain JSON or as a ``Score``; None if nothing.
        texts: The same as it is written.
        is_number: Whether it is aligned to the right.
        is_whole: Whether its cells are never folded.
        short: As it is written where there is no room; empty if that is no shorter.
    """

    name: str
    values: tuple[Any, ...]
    texts: tuple[str, ...]
    is_number: bool = False
    is_whole: bool = False
    short: tuple[str, ...] = ()

    def taken(self, order: Sequence[int]) -> Column:
        """Return the column with its rows in another order."""
        values, texts = (tuple(cells[i] for i in order) for cells in (self.values, self.texts))
        return replace(self, values=values, texts=texts, short=tuple(self.short[i] for i in order if self.short))

    @property
    def order(self) -> list[int]:
        """Rows by value, the smallest first: numbers, then texts, then what is undefined."""
        return sorted(range(len(self.values)), key=lambda i: _rank(self.values[i]))


@dataclass(frozen=True)
class _Own:
    value: Callable[[Group], Any]
    text: Callable[[Any], str] = cell
    is_number: bool = False


_OWN: Mapping[str, _Own] = {
    "n": _Own(lambda group: len(group.runs), is_number=True),
    "weights": _Own(lambda group: group.average("parameters"), count, is_number=True),
    "train": _Own(lambda group: group.average("seconds"), duration, is_number=True),
    "pretrained": _Own(lambda group: list(group.runs[0].pretrained) or None),
    "epsilon": _Own(lambda group: group.epsilon, lambda one: "-" if one is None else f"{one:.3g}", is_number=True),
    "marks": _Own(lambda group: _marks(group), lambda one: cell(one).replace("+", ", ")),
    "tags": _Own(lambda group: list(dict.fromkeys(tag for run in group.runs for tag in run.tags)) or None),
    "note": _Own(lambda group: "; ".join(dict.fromkeys(run.note for run in group.runs if run.note)) or None),
    "seeds": _Own(lambda group: group.seeds),
    "folds": _Own(lambda group: group.folds or None),
    "runs": _Own(lambda group: [run.folder.id for run in group.runs]),
}


def columns(ranking: Ranking, verdicts: Sequence[Verdict | None], names: Sequence[str]) -> list[Column]:
    """Return columns of a ranking by name, empty where it has none of that name.

    Args:
        ranking: Groups of runs, a row each.
        verdicts: One per group.
        names: Config keys, metrics, ``verdict``, ``n``, ``weights``, ``train``, ``tags`` ...
    """
    return [_column(ranking, verdicts, name) for name in names]


def refuse_unknown(option: str, names: Sequence[str], rankings: Sequence[Ranking]) -> None:
    """Refuse names of columns that no ranking has.

    Raises:
        ConfigError: If there is one.
    """
    known = known_names(rankings)
    if wrong := [name for name in names if name not in known]:
        rule = f"compare: {option} must name a column"
        raise ConfigError([f"{rule}, got '{name}'." for name in wrong], nearest(wrong[0], known))


def known_names(rankings: Sequence[Ranking]) -> list[str]:
    """Return the names of all columns of some rankings."""
    groups = [group for ranking in rankings for group in ranking.groups]
    keys = [key for group in groups for key in group.config]
    metrics = [key for group in groups for run in group.runs for key in run.metrics]
    return list(dict.fromkeys([*keys, *metrics, "verdict", *_OWN]))


def further(ranking: Ranking) -> list[str]:
    """Return the names of the columns after the verdict: cost, marks that there are, the other test metrics."""
    optional = ["pretrained", "epsilon", "marks", "tags", "note"]
    there = [name for name in optional if any(_OWN[name].value(group) for group in ranking.groups)]
    runs = (run for group in ranking.groups for run in group.runs)
    keys = dict.fromkeys(key for run in runs for key in run.metrics if key.startswith("test/"))
    return ["weights", "train", *there, *(key for key in keys if key != ranking.metric)]


def _column(ranking: Ranking, verdicts: Sequence[Verdict | None], name: str) -> Column:
    groups = ranking.groups
    if name == "verdict":
        known = tuple(one and one.plain() for one in verdicts)
        texts, short = (tuple(worth(one, interval) for one in verdicts) for interval in (True, False))
        return Column(name, known, texts, is_whole=True, short=short)
    if any(name in group.config for group in groups):
        values = tuple(setting(group, name) for group in groups)
        return Column(name, values, tuple(map(cell, values)))
    if own := _OWN.get(name):
        values = tuple(own.value(group) for group in groups)
        texts = tuple(_number(group) for group in groups) if name == "n" else tuple(map(own.text, values))
        return Column(name, values, texts, own.is_number)
    scores = tuple(group.score(name) for group in groups)
    return Column(name, scores, tuple(map(score, scores)), is_number=True)


def setting(group: Group, key: str) -> Any:
    """Return what a group has for a config key: where nothing was typed, the value that its first run began with."""
    if key in group.config or "@" in key or "/" in key:
        return group.config.get(key)
    found: Any = read_start(group.runs[0].folder)
    for name in key.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return None if isinstance(found, Mapping) else found


def _number(group: Group) -> str:
    """Format how many runs a group has, over how many folds."""
    return f"{len(group.runs)} ({len(group.folds)} folds)" if group.folds else str(len(group.runs))


def _marks(group: Group) -> list[str] | None:
    """Say how many runs were of code that differed from its commit, and how many were resumed."""
    found = {"dirty": sum(run.dirty for run in group.runs), "resumed": sum(bool(run.resumed) for run in group.runs)}
    return [f"{number} {name}" for name, number in found.items() if number] or None


def _rank(value: Any) -> tuple[int, float, str]:
    if isinstance(value, Score):
        value = value.mean
    if isinstance(value, Mapping):
        value = value.get("difference")
    if value is None:
        return 2, 0.0, ""
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, cell(value))
