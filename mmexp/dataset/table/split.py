"""Puts every row of a table on one side: train, val or test."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from mmexp.contract import Split
from mmexp.dataset.base import SPLITS
from mmexp.dataset.kind.cell import absent
from mmexp.dataset.table.columns import as_mapping, known
from mmexp.dataset.table.reader import Record, column_names
from mmexp.error import ConfigError, DataError, nearest

SPELLINGS: Mapping[str, Split] = {
    **{name: name for name in SPLITS},
    "training": "train",
    "valid": "val",
    "validation": "val",
    "dev": "val",
}
_LISTED = 20


@dataclass(frozen=True)
class SplitRule:
    """Where a split comes from. Left alone: the column ``split`` if the manifest has one, else it is drawn.

    Args:
        column: Column that names the split of each row.
        ratios: Shares of train, val and test to draw, unitless; a column is then ignored.
        seed: Which drawing.
        everything: Split that all rows are in, whatever a column says.

    Raises:
        ConfigError: If more than one of column, ratios and everything is given, ratios are not three positive shares
            that sum to 1, or everything is no split.
    """

    column: str | None = None
    ratios: Sequence[float] | None = None
    seed: int = 0
    everything: Split | None = None

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in ("column", "ratios", "everything")}
        given = {name: value for name, value in given.items() if value is not None}
        if len(given) > 1:
            raise ConfigError(f"dataset.split must give one of column, ratios and everything, got {given}.")
        if self.everything not in (None, *SPLITS):
            hint = nearest(str(self.everything), SPLITS)
            raise ConfigError(f"dataset.split.everything must be a split, got {self.everything!r}. {hint}")
        if self.ratios is None:
            return
        numbers = [share for share in self.ratios if isinstance(share, int | float) and share > 0]
        if not len(self.ratios) == len(numbers) == 3 or abs(sum(numbers) - 1) > 1e-6:
            raise ConfigError(
                f"dataset.split.ratios must be three positive shares that sum to 1, got {self.ratios}. "
                "Set dataset.split.ratios=[0.8,0.1,0.1]."
            )

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> SplitRule:
        """Make a rule of a mapping from a config.

        Raises:
            ConfigError: If it is no mapping, or has an unknown name.
        """
        rule = as_mapping("dataset.split", given, [field.name for field in fields(cls)]) or {}
        return cls(**rule)

    @property
    def shares(self) -> Sequence[float]:
        """Shares of train, val and test."""
        return self.ratios or (0.8, 0.1, 0.1)


def assign(
    records: Sequence[Record],
    rule: SplitRule,
    group_by: str | None,
    named: Mapping[Split, Sequence[str]],
    splits: Sequence[Split] = SPLITS,
) -> list[Split]:
    """Give the split of each record: all the same, by its group, by the column of the rule, or drawn.

    Args:
        records: The table.
        rule: Where a split comes from.
        group_by: Column of the groups, if whole groups are to be on one side.
        named: Groups of a split that are not to be drawn.
        splits: Only records of these are to be right; where their groups are named, no other group need be there.

    Raises:
        ConfigError: If a column or group is not there.
        DataError: If a record has no group, or none of the names of a split.
    """
    if rule.everything is not None:
        return [rule.everything] * len(records)
    columns = column_names(records)
    if group_by is not None:
        known("dataset.group_by", group_by, columns)
        groups = [group_of(record, group_by) for record in records]
        asked = {split: named.get(split, ()) for split in splits}
        sides = _named(Counter(groups), asked) if all(asked.values()) else draw(groups, rule, named)
        return [sides.get(group, "train") for group in groups]
    column = split_column(records, rule)
    if column is None:
        sides = draw([record.id for record in records], rule)
        return [sides[record.id] for record in records]
    known("dataset.split.column", column, columns)
    return [_side(record, column) for record in records]


def split_column(records: Sequence[Record], rule: SplitRule) -> str | None:
    """Name the column that holds the split of each record, None if the rule or the table has none."""
    standard = "split" if rule.ratios is None and "split" in column_names(records) else None
    return rule.column or standard


def group_of(record: Record, column: str) -> str:
    """Name the group of a record.

    Raises:
        DataError: If it has none.
    """
    value = record.values.get(column)
    if absent(value):
        raise DataError(f"group {column} must have a value, got {value!r}.", sample=record.id, path=record.where)
    return str(value)


def groups_by_split(records: Sequence[Record], sides: Mapping[str, Split], column: str) -> dict[str, list[str]]:
    """Names of the groups of each split, sorted.

    Args:
        records: The table.
        sides: Split by the id of a record.
        column: Of the groups.
    """
    groups: dict[str, set[str]] = {name: set() for name in SPLITS}
    for record in records:
        groups[sides[record.id]].add(group_of(record, column))
    return {name: sorted(found) for name, found in groups.items()}


def _side(record: Record, column: str) -> Split:
    value = record.values.get(column)
    try:
        return SPELLINGS[str(value).lower()]
    except KeyError:
        rule = f"{column} must be one of {', '.join(SPELLINGS)}, got {value!r}."
        raise DataError(rule, sample=record.id, path=record.where) from None


def draw(
    groups: Sequence[str], rule: SplitRule, named: Mapping[Split, Sequence[str]] | None = None
) -> dict[str, Split]:
    """Give each group one side, so that none is cut in two.

    A side that is not named is drawn: groups in the order of a hash of seed and name, which no library version changes
    and a new row hardly changes; each is taken if it fits what is left of the share; at least one is taken.

    Args:
        groups: Group of each row.
        rule: Shares of rows and seed.
        named: Groups of ``test`` or ``val`` that are not to be drawn.

    Raises:
        ConfigError: If a named group is not there or named twice, or there are fewer groups than sides.
    """
    sizes = Counter(groups)
    sides = _named(sizes, named or {})
    order = sorted(sizes, key=lambda group: _digest(rule.seed, group))
    shares: dict[Split, float] = {"test": rule.shares[2], "val": rule.shares[1]}
    drawn = [name for name in shares if name not in sides.values()]
    for place, name in enumerate(drawn):
        free = [group for group in order if group not in sides]
        spare = len(free) - (len(drawn) - place)
        sides.update(dict.fromkeys(_fill(free, sizes, round(shares[name] * len(groups)), spare), name))
    if len(sides) >= len(sizes) or len(set(sides.values())) < 2:
        raise ConfigError(
            f"dataset: train, val and test must each have a group of rows, got {len(sizes)} groups in all, "
            f"{len(sizes) - len(sides)} left for train."
        )
    return {group: sides.get(group, "train") for group in sizes}


def _fill(free: Sequence[str], sizes: Mapping[str, int], rows: int, most: int) -> list[str]:
    """Take groups that fit into a number of rows, at most so many and at least one: then the smallest."""
    taken: list[str] = []
    for group in free:
        if sizes[group] <= rows and len(taken) < most:
            taken.append(group)
            rows -= sizes[group]
    return taken or sorted(free, key=lambda group: sizes[group])[:1]


def _digest(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}/{group}".encode("utf-8", "surrogatepass")).digest()


def _named(sizes: Mapping[str, int], named: Mapping[Split, Sequence[str]]) -> dict[str, Split]:
    sides: dict[str, Split] = {}
    for split, groups in named.items():
        for group in groups:
            if group not in sizes:
                there = ", ".join(sorted(sizes)[:_LISTED]) + (" ..." if len(sizes) > _LISTED else "")
                raise ConfigError(
                    f"dataset.{split}_groups must be among {there}, got {group!r}. {nearest(group, list(sizes))}"
                )
            if sides.setdefault(group, split) != split:
                raise ConfigError(f"dataset.{split}_groups must not hold a group of the other side, got {group!r}.")
    return sides
