"""Folds of a table: parts that are tested in turn, each by a run of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmexp.contract import Split
from mmexp.dataset.table.columns import known
from mmexp.dataset.table.reader import Record, column_names
from mmexp.dataset.table.split import digest, group_of
from mmexp.error import ConfigError, nearest

GROUPS = "groups"
_FEWEST = 3  # folds: one for test, one for val, one for train
_ANY = None  # stratum that every row is in


@dataclass(frozen=True)
class Folds:
    """Divide a table into folds, of which one is the test split, the one after it val, and all others train.

    ``groups`` leaves one group out at a time. A number draws so many folds of whole groups, or of whole units of rows
    that share a file, so that each fold has about the same share of the rows and of each value of the targets.

    Source: Kohavi 1995, "A Study of Cross-Validation and Bootstrap for Accuracy Estimation and Model Selection";
    Sechidis et al. 2011, "On the Stratification of Multi-Label Data", https://doi.org/10.1007/978-3-642-23808-6_10:
    rarest values first. Here a unit goes to the fold that has the least of its values.

    Args:
        number: ``groups``, or how many.
        group_by: Column of the groups; None if there is none.
        seed: Of the drawing.
    """

    number: str | int
    group_by: str | None
    seed: int = 0

    def names(self, records: Sequence[Record]) -> list[str]:
        """Return the names of the folds: those of the groups, sorted, or numbers from 0.

        Raises:
            ConfigError: If ``groups`` has no column of groups, or there are fewer than three.
            DataError: If a record has no group.
        """
        if self.number != GROUPS:
            return [str(fold) for fold in range(int(self.number))]
        if self.group_by is None:
            raise ConfigError(
                "dataset.group_by must be a column with folds=groups, got null.", "Set dataset.group_by=<column>."
            )
        found = sorted(set(self._groups(records)))
        if len(found) < _FEWEST:
            raise ConfigError(f"folds=groups must find at least {_FEWEST} groups, got {', '.join(found)}.")
        return found

    def sides(
        self, records: Sequence[Record], fold: str, together: Sequence[str], targets: Iterable[str] = ()
    ) -> list[Split]:
        """Give the split of each record.

        Args:
            records: The table.
            fold: Name of the one that is tested.
            together: By record, what is drawn as one where there are no groups.
            targets: Columns whose values are spread evenly.

        Raises:
            ConfigError: If there is no such fold, or fewer groups or units than folds.
        """
        names = self.names(records)
        if fold not in names:
            raise ConfigError(f"fold must be one of {', '.join(names)}, got {fold!r}. {nearest(fold, names)}")
        units = self._groups(records) if self.group_by else list(together)
        if self.number == GROUPS:
            places = {name: place for place, name in enumerate(names)}
        else:
            places = allot(units, [_strata(record, targets) for record in records], len(names), self.seed)
        test = names.index(fold)
        held: Mapping[int, Split] = {(test + 1) % len(names): "val", test: "test"}
        return [held.get(places[unit], "train") for unit in units]

    def _groups(self, records: Sequence[Record]) -> list[str]:
        column = known("dataset.group_by", str(self.group_by), column_names(records))
        return [group_of(record, column) for record in records]


def allot(units: Sequence[str], strata: Sequence[Sequence[Hashable]], number: int, seed: int) -> dict[str, int]:
    """Put each unit into one of some folds, so that each has about the same share of every stratum.

    Args:
        units: Of each row.
        strata: Of each row, what is to be spread evenly.
        number: Of folds.
        seed: Which drawing, among equals.

    Raises:
        ConfigError: If there are fewer units than folds.
    """
    totals: Counter[Hashable] = Counter(value for own in strata for value in own)
    counts: dict[str, Counter[Hashable]] = {}
    for unit, own in zip(units, strata, strict=True):
        counts.setdefault(unit, Counter()).update(own)
    if len(counts) < number:
        raise ConfigError(f"folds must be at most the {len(counts)} groups of rows, got {number}.")

    def rarity(unit: str) -> tuple[float, bytes]:
        return -sum((n / totals[value]) ** 2 for value, n in counts[unit].items()), digest(seed, unit)

    held: list[Counter[Hashable]] = [Counter() for _ in range(number)]
    places: dict[str, int] = {}
    for unit in sorted(counts, key=rarity):
        found = counts[unit]
        cost = [sum(fold[value] * n / totals[value] ** 2 for value, n in found.items()) for fold in held]
        places[unit] = min(range(number), key=lambda fold: (cost[fold], held[fold][_ANY], fold))
        held[places[unit]].update(found)
    return places


def _strata(record: Record, targets: Iterable[str]) -> list[Hashable]:
    """What a row counts as: any row, and one of each value of its targets that may be that of another row too."""
    return [_ANY, *((column, value) for column in targets for value in _plain(record.values.get(column)))]


def _plain(cell: Any) -> list[str]:
    cells = cell if isinstance(cell, list | tuple) else [cell]
    return [str(one).strip() for one in cells if isinstance(one, str | int)]
