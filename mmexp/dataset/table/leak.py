"""Find samples that stand in two splits, and keep rows of one file together where a split is drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from mmexp.contract import Split
from mmexp.dataset.column import Column
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import absent
from mmexp.dataset.kind.inspection import File, Inspection
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.rows import Row
from mmexp.error import ConfigError, DataError
from mmexp.run.command import setting

OnLeak = Literal["raise", "warn"]
Pair = tuple[Split, Row, Split, Row]
"""A row, one of an earlier split that equals it before it, each behind its split."""
_SHOWN = 3


class LeakPolicy:
    """Refuse files that are in two splits, or count them.

    Args:
        on_leak: ``raise`` or ``warn``.
        grouped: Column whose equal values the splits keep together already, if there is one.

    Raises:
        ConfigError: If on_leak is neither.
    """

    def __init__(self, on_leak: str, grouped: str | None) -> None:
        if on_leak not in ("raise", "warn"):
            raise ConfigError(f"dataset.on_leak must be raise or warn, got {on_leak!r}.")
        self.warns, self.grouped = on_leak == "warn", grouped

    def check(
        self,
        splits: Mapping[Split, Sequence[Row]],
        inspected: Mapping[File, Inspection],
        columns: Mapping[str, Column],
        table: str,
    ) -> list[str]:
        """Return a line for each input whose files are in two splits, if that is allowed.

        Args:
            splits: Rows by split.
            inspected: Their files.
            columns: Input -> column, or columns.
            table: Path of the table.

        Raises:
            DataError: If it is not; it names the samples and what to set.
        """
        notes = []
        for name, column in columns.items():
            if not (pairs := list(leaks(name, splits, inspected))):
                continue
            if not self.warns:
                groups = {str(row.inputs.get(name)) for rows in splits.values() for row in rows}
                paths = all(first.inputs[name] == second.inputs[name] for _, first, _, second in pairs)
                rule = f"must be of one split, got the same file content in two for {len(pairs)} samples"
                hint = self._hint(column if paths and len(groups) >= len(splits) else None)
                raise DataError(f"{name} {rule}: {_shown(pairs)}.", path=table, hint=hint)
            rule = f"{len(pairs)} samples have the very {name} of a sample of another split"
            notes.append(f"leak: {rule}: {_shown(pairs)}.")
        return notes + (self._check_inputs(splits, table) if columns else [])

    def _check_inputs(self, splits: Mapping[Split, Sequence[Row]], table: str) -> list[str]:
        """Do the same for rows without files by all their inputs; texts alone may be equal by chance."""
        pairs = list(repeated(splits))
        identifying = _identifying(splits) if pairs and not self.warns else set()
        if twice := [pair for pair in pairs if identifying & {*pair[1].inputs}]:
            rule = f"must be of one split, got the same in two for {len(twice)} samples: {_shown(twice)}"
            raise DataError(f"{', '.join(twice[0][1].inputs)} {rule}.", path=table, hint=self._hint(None))
        rule = f"{len(pairs)} samples without files have the very inputs of a sample of another split"
        return [f"leak: {rule}: {_shown(pairs)}."] if pairs else []

    def _hint(self, column: Column | None) -> str:
        allow = "dataset.on_leak=warn to go on all the same."
        if isinstance(column, str) and self.grouped is None:
            typed = setting("dataset.group_by", column)
            return f"Set {typed} to keep rows of one file on one side, or {allow}"
        return f"Remove one of each, or set {allow}"


def leaks(name: str, splits: Mapping[Split, Sequence[Row]], inspected: Mapping[File, Inspection]) -> Iterator[Pair]:
    """Yield each row whose files of one input have the content of a row of an earlier split, with that row."""

    def content(row: Row) -> str:
        paths = row.fields.inputs[name].paths(row.inputs[name]) if name in row.inputs else ()
        return " ".join(inspected[name, path].digest for path in paths)

    return _pairs(splits, content)


def repeated(splits: Mapping[Split, Sequence[Row]]) -> Iterator[Pair]:
    """Yield each row without files whose inputs are those of a row of an earlier split, with that row."""
    return _pairs(splits, lambda row: "" if row.files or not row.inputs else _content(row.inputs))


def _content(inputs: Mapping[str, Any]) -> str:
    return json.dumps(inputs, sort_keys=True, default=lambda value: getattr(value, "tolist", value.__str__)())


def _identifying(splits: Mapping[Split, Sequence[Row]]) -> set[str]:
    """Return the inputs whose values say which sample a row is."""
    rows = [row for part in splits.values() for row in part]
    kinds = {name: kind for row in rows for name, kind in row.fields.inputs.items()}
    return {name for name, k in kinds.items() if k.identifies([r.inputs[name] for r in rows if name in r.inputs])}


def _pairs(splits: Mapping[Split, Sequence[Row]], content: Callable[[Row], str]) -> Iterator[Pair]:
    """Yield each row that equals one of an earlier split, and that one; a row without content equals none."""
    first: dict[str, tuple[Split, Row]] = {}
    for split, rows in splits.items():
        for row in rows:
            if found := content(row):
                side, other = first.setdefault(found, (split, row))
                if side != split:
                    yield side, other, split, row


def _shown(pairs: Sequence[Pair]) -> str:
    named = "; ".join(f"{first.id} ({one}) and {second.id} ({two})" for one, first, two, second in pairs[:_SHOWN])
    return f"{named}{' ...' if len(pairs) > _SHOWN else ''}"


def same_samples(records: Sequence[Record], columns: Mapping[str, Column], kinds: Mapping[str, Kind]) -> list[str]:
    """Return by record the smallest id among all that share a file with it, directly or through others.

    Records without files share all of their inputs, if those say which sample a row is.

    Args:
        records: The table.
        columns: Input -> column, or columns.
        kinds: Kind of each input.
    """
    parent = {record.id: record.id for record in records}

    def root(one: str) -> str:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    owner: dict[str, str] = {}
    rows = [{name: kinds[name].pick(record.values, column) for name, column in columns.items()} for record in records]
    rows = [{name: cell for name, cell in row.items() if not absent(cell)} for row in rows]
    identifying = {n for n in columns if kinds[n].identifies([row[n] for row in rows if n in row])}
    for record, row in zip(records, rows, strict=True):
        shared = [str(path) for name, cell in row.items() for path in kinds[name].paths(cell)]
        for one in shared or ([_content(row)] if identifying & {*row} else []):
            small, large = sorted((root(record.id), root(owner.setdefault(one, record.id))))
            parent[large] = small
    return [root(record.id) for record in records]
