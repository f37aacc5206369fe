"""Which split, and which group, each record of a table is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from mmexp.contract import Split
from mmexp.dataset.base import SPLITS
from mmexp.dataset.column import Column, columns_of
from mmexp.dataset.table.columns import known
from mmexp.dataset.table.folds import Folds
from mmexp.dataset.table.likely_groups import likely_groups
from mmexp.dataset.table.reader import Record, column_names, find_column
from mmexp.dataset.table.reading_notes import reading_notes, seen_groups
from mmexp.dataset.table.rows import Row
from mmexp.dataset.table.split import assign, group_of, rule_for_other, split_column
from mmexp.dataset.table.split_rule import SplitRule
from mmexp.run.command import setting


class Division:
    """Divide a table into splits, and say which rows are of one group.

    Args:
        rule: Where a split comes from.
        group_by: Column whose equal values stay on one side; None if rows need not stay together.

    Attributes:
        folds: Folds, and the name of the one that is tested; they go before what the rule says.
        notes: What a user should know of the groups, a line each.

    Raises:
        ConfigError: If they contradict each other.
    """

    def __init__(self, rule: SplitRule, group_by: str | None) -> None:
        rule.check_groups(group_by)
        self.rule, self.group_by = rule, group_by
        self.folds: tuple[Folds, str] | None = None
        self.notes: list[str] = []
        self._sides: dict[str, Split] = {}
        self._column: str | None = None
        self._groups: dict[str, str] = {}
        self._likely: list[str] = []

    def fold_names(self, records: Sequence[Record], folds: str | int) -> list[str]:
        """Return the names of the folds of a table, see ``Folds.names``."""
        return Folds(folds, self.group_by).names(records)

    def take_fold(self, number: str | int, fold: str) -> None:
        """Test one fold, whatever the rule says."""
        self.folds = Folds(number, self.group_by, self.rule.seed), fold
        if any(self.rule.named.values()):
            self.notes = ["folds: dataset.split.test_groups and val_groups are passed over."]

    def take_whole(self, records: Sequence[Record], split: Split, trained: Mapping[str, Sequence[str]]) -> bool:
        """Put another table than the one trained on into one split, unless it says which rows are of it.

        Args:
            records: The other table.
            split: That is evaluated.
            trained: Groups by split of the table trained on; empty if it has none.

        Returns:
            Whether that was done.
        """
        if self.rule.everything is not None:
            return False
        self.notes = seen_groups(records, self.group_by, trained.get("train", ()))
        self.rule, self.group_by, self.folds = rule_for_other(records, self.rule, self.group_by, split), None, None
        return self.rule.everything is not None

    def prepare(
        self,
        records: Sequence[Record],
        splits: Sequence[Split],
        together: Sequence[str] | None,
        targets: Iterable[str],
    ) -> dict[str, Split]:
        """Return the split by the id of a record.

        Args:
            records: The table.
            splits: Only records of these are to be right.
            together: By record, what is drawn as one; each by itself if None.
            targets: Columns of the targets.

        Raises:
            ConfigError: If a column, group or fold is not there.
            DataError: If a record has no group, or none of the names of a split.
        """
        units = [record.id for record in records] if together is None else together
        if self.folds:
            sides = self.folds[0].sides(records, self.folds[1], units, targets)
        else:
            sides = assign(records, self.rule, self.group_by, splits, together)
        self._sides = {record.id: side for record, side in zip(records, sides, strict=True)}
        key, named = ("group_by", self.group_by) if self.group_by else ("split.groups", self.rule.groups)
        if named is not None:
            self._column = column = known(f"dataset.{key}", named, column_names(records))
            self._groups = {record.id: group_of(record, column) for record in records}
        return self._sides

    def compared(self, rows: Mapping[Split, Sequence[Row]]) -> Mapping[Split, Sequence[Row]]:
        """Return the rows by which runs know whether they saw the same data: with folds whatever their split."""
        if not self.folds:
            return rows
        return {"train": sorted(chain(*rows.values()), key=lambda row: row.id)}

    def groups(self, split: Split) -> dict[str, str]:
        """Return the group by the id of a record of a split; empty if no column names them."""
        return {name: group for name, group in self._groups.items() if self._sides[name] == split}

    def read_notes(
        self, records: Sequence[Record], offered: Sequence[Column], targets: Sequence[str], files: Sequence[str]
    ) -> list[str]:
        """Return what the reading has left aside or made up, a line each, and look for groups that nobody has named.

        Args:
            records: The table.
            offered: Columns of the inputs.
            targets: Columns of the targets.
            files: By record, the smallest id of those that share a file with it; empty if that is not known.
        """
        rule = None if self.group_by or self.folds else self.rule
        notes = reading_notes(records, [*offered, *targets, self._column], rule, list(self._sides.values()))
        if self._column is not None:
            return notes
        split, columns = split_column(records, self.rule), column_names(records)
        taken = [name for one in (*offered, *targets, "id", "split", split) if one for name in columns_of(one)]
        left = {*columns} - {find_column(name, columns) for name in taken}
        found = likely_groups(records, [name for name in columns if name in left], targets)
        self._likely = [f"column {name}" for name in found]
        self._likely += ["rows that share a file"] if len(set(files)) < len(files) else []
        if found:
            reason = "may name groups of rows, such as speakers or patients"
            notes.append(f"groups: {', '.join(found)} {reason}. Set {setting('dataset.split.groups', found[0])} if so.")
        return notes

    def facts(self) -> dict[str, Any]:
        """Return ``groups`` by split, if a column names them."""
        return {"groups": {split: sorted({*self.groups(split).values()}) for split in SPLITS}} if self._column else {}

    def grouping(self) -> Mapping[str, Any]:
        """Return what a verdict must know of the groups of the test split, see ``MultimodalDataset.grouping``."""
        if self._column is None:
            return {"likely": self._likely} if self._likely else {}
        test, train = ({*self.groups(split).values()} for split in ("test", "train"))
        return {"column": self._column, "number": len(test), "seen": len(test & train)}
