"""Puts every row of a table on one side: train, val or test."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from mmexp.contract import Split
from mmexp.dataset.base import SPLITS
from mmexp.dataset.kind.cell import absent
from mmexp.dataset.table.columns import known
from mmexp.dataset.table.reader import Record, column_names, find_column
from mmexp.dataset.table.split_rule import SplitRule
from mmexp.error import ConfigError, DataError, nearest

SPELLINGS: Mapping[str, Split] = {
    **{name: name for name in SPLITS},
    "training": "train",
    "valid": "val",
    "validation": "val",
    "dev": "val",
}
_LISTED = 20


def assign(
    records: Sequence[Record],
    rule: SplitRule,
    group_by: str | None,
    splits: Sequence[Split] = SPLITS,
    together: Sequence[str] | None = None,
) -> list[Split]:
    """Give the split of each record: all the same, by its group, by the column of the rule, or drawn.

    Where the column names rows of train and none of val, val is drawn from those of train.

    Args:
        records: The table.
        rule: Where a split comes from.
        group_by: Column of the groups, if whole groups are to be on one side.
        splits: Only records of these are to be right; where their groups are named, no other group need be there.
        together: By record, what is drawn as one, see ``same_samples``; each by itself if None.

    Raises:
        ConfigError: If a column or group is not there.
        DataError: If a record has no group, or none of the names of a split.
    """
    if rule.everything is not None:
        return [rule.everything] * len(records)
    columns = column_names(records)
    if group_by is not None:
        column = known("dataset.group_by", group_by, columns)
        groups = [group_of(record, column) for record in records]
        asked = {split: rule.named.get(split, ()) for split in splits}
        sides = _named(Counter(groups), asked) if all(asked.values()) else draw(groups, rule, rule.named)
        return [sides.get(group, "train") for group in groups]
    units = together or [record.id for record in records]
    if (named := split_column(records, rule)) is None:
        sides = _draw_units(units, rule)
        return [sides[unit] for unit in units]
    column = known("dataset.split.column", named, columns)
    found = [_side(record, column) for record in records]
    return _with_val(found, units, rule) if "val" in splits else found


def _draw_units(units: Sequence[str], rule: SplitRule) -> dict[str, Split]:
    try:
        return draw(units, rule)
    except ConfigError as fault:
        if len(set(units)) < len(units):
            together = "Rows of one file, or of the same numbers, are drawn together."
            fault.hint = f"{together} Set dataset.on_leak=warn to draw each row by itself."
        raise


def _with_val(sides: list[Split], units: Sequence[str], rule: SplitRule) -> list[Split]:
    """Draw val from train where train is there and val is not; a unit that is also in test stays in train."""
    free = [unit for unit, side in zip(units, sides, strict=True) if side == "train"]
    if "val" in sides or len(set(free)) < 2:
        return sides
    drawn = set(_draw_side(Counter(free), rule.seed, rule.shares[1] / (rule.shares[0] + rule.shares[1])))
    return ["val" if side == "train" and unit in drawn else side for unit, side in zip(units, sides, strict=True)]


def split_column(records: Sequence[Record], rule: SplitRule) -> str | None:
    """Name the column that holds the split of each record, None if the rule or the table has none."""
    standard = find_column("split", column_names(records)) if rule.ratios is None else None
    return rule.column or standard


def rule_for_other(records: Sequence[Record], rule: SplitRule, group_by: str | None, split: Split) -> SplitRule:
    """Return where a split of another table than the one trained on comes from: its column, else all rows are of it.

    A column ``split`` that training passed over, as it drew or grouped, counts if each of its values names a split.

    Args:
        records: The other table.
        rule: Of training.
        group_by: Likewise.
        split: That is asked for.
    """
    columns = column_names(records)
    named = find_column(rule.column or "split", columns) or find_column("split", columns)
    passed_over = rule.ratios is not None or group_by is not None
    if named is None or (passed_over and not all(_spelt(record, named) in SPELLINGS for record in records)):
        return SplitRule(everything=split)
    return SplitRule(column=named, seed=rule.seed)


def group_of(record: Record, column: str) -> str:
    """Name the group of a record.

    Raises:
        DataError: If it has none.
    """
    value = record.values.get(column)
    if absent(value):
        raise DataError(f"group {column} must have a value, got {value!r}.", sample=record.id, path=record.where)
    return str(value)


def _side(record: Record, column: str) -> Split:
    try:
        return SPELLINGS[_spelt(record, column)]
    except KeyError:
        rule = f"{column} must be one of {', '.join(SPELLINGS)}, got {record.values.get(column)!r}."
        raise DataError(rule, sample=record.id, path=record.where) from None


def _spelt(record: Record, column: str) -> str:
    return str(record.values.get(column)).strip().lower()


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
    order = sorted(sizes, key=lambda group: digest(rule.seed, group))
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


def _draw_side(sizes: Counter[str], seed: int, share: float) -> list[str]:
    """Take groups of about a share of the rows, in the order of a hash of seed and name, and leave at least one."""
    order = sorted(sizes, key=lambda group: digest(seed, group))
    return _fill(order, sizes, round(share * sizes.total()), len(order) - 1)


def _fill(free: Sequence[str], sizes: Mapping[str, int], rows: int, most: int) -> list[str]:
    """Take groups that fit into a number of rows, at most so many and at least one: then the smallest."""
    taken: list[str] = []
    for group in free:
        if sizes[group] <= rows and len(taken) < most:
            taken.append(group)
            rows -= sizes[group]
    return taken or sorted(free, key=lambda group: sizes[group])[:1]


def digest(seed: int, group: str) -> bytes:
    """Hash by which groups are drawn, which no library version changes."""
    return hashlib.sha256(f"{seed}/{group}".encode("utf-8", "surrogatepass")).digest()


def _named(sizes: Mapping[str, int], named: Mapping[Split, Sequence[str]]) -> dict[str, Split]:
    sides: dict[str, Split] = {}
    for split, groups in named.items():
        for group in groups:
            if group not in sizes:
                there = ", ".join(sorted(sizes)[:_LISTED]) + (" ..." if len(sizes) > _LISTED else "")
                raise ConfigError(
                    f"dataset.split.{split}_groups must be among {there}, got {group!r}. {nearest(group, list(sizes))}"
                )
            if sides.setdefault(group, split) != split:
                raise ConfigError(
                    f"dataset.split.{split}_groups must not hold a group of the other side, got {group!r}."
                )
    return sides
