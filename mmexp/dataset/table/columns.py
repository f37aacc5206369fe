"""Choose the columns of a table that are inputs and targets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar, cast

from mmexp.dataset.column import Column, columns_of
from mmexp.dataset.kind.base import Kind, Names
from mmexp.dataset.kind.cell import absent
from mmexp.dataset.kind.folder import no_path
from mmexp.dataset.kind.kinds import Kinds
from mmexp.dataset.kind.whole_column import Undecided
from mmexp.dataset.table.reader import Record, column_names, find_column
from mmexp.error import ConfigError, DataError, nearest
from mmexp.run.command import setting

C = TypeVar("C", bound=Column)
_FILE = re.compile(r"[^\n]*[^\s./\\]\.(?=\d*[A-Za-z])[A-Za-z0-9]{2,12}")


def choose(
    role: str,
    named: Mapping[str, C | None] | None,
    standard: Mapping[str, Sequence[C]],
    records: Sequence[Record],
    kinds: Kinds,
) -> dict[str, C]:
    """Return the column of each input or target: the one named in the config, else the first standard one filled.

    An input may be read from several columns, if any of them is filled.

    Args:
        role: ``inputs`` or ``targets``, for messages.
        named: Columns by name, None to leave one out; None as a whole takes the standard ones.
        standard: Columns to look for, by name.
        records: The table.
        kinds: All that are known.

    Raises:
        ConfigError: If a named column is not there, or several are named where there must be one.
        DataError: If a named column is empty in every row.
    """
    columns = column_names(records)
    filled = {column for column in columns if any(not absent(record.values.get(column)) for record in records)}
    if named is None:
        found = {name: [_spelled(c, columns) for c in options] for name, options in standard.items()}
        found = {name: [c for c in options if filled.intersection(columns_of(c))] for name, options in found.items()}
        return {name: options[0] for name, options in found.items() if options}
    chosen = {name: _spelled(column, columns) for name, column in named.items() if column is not None}
    for name, column in chosen.items():
        key = f"dataset.{role}.{name}"
        own = kinds.of_input(name) if role == "inputs" else kinds.of_target(name)
        if not isinstance(column, str) and not (role == "inputs" and column and (own is None or own.several)):
            raise ConfigError(f"{key} must be one column, got {list(column)}.{_one(role, name, column)}")
        if role == "inputs" and own is None and kinds.of_target(name).is_file:
            raise ConfigError(f"{key} must have another name, got {name}, which is a target.")
        for one in columns_of(column):
            known(key, one, columns)
        if filled.isdisjoint(columns_of(column)):
            shown = repr(column) if isinstance(column, str) else ", ".join(column)
            raise DataError(f"column {shown} of {key} must have a value in some row, got none.")
    return chosen


def _one(role: str, name: str, column: Column) -> str:
    """Say what to set instead of several columns where there must be one; nothing if there is none."""
    if not column:
        return ""
    of_tabular = setting("dataset.inputs", {name: None, "tabular": list(column)})
    one = of_tabular if role == "inputs" else setting(f"dataset.{role}.{name}", column[0])
    return f" Set {one} instead."


def known(key: str, column: str, columns: Sequence[str]) -> str:
    """Return the column of a name as the table spells it: the very name, else the one that differs in case or blanks.

    Raises:
        ConfigError: If there is none; it names the columns there are.
    """
    if (found := find_column(column, columns)) is None:
        raise ConfigError(f"{key} must be a column of {', '.join(columns)}, got {column!r}. {nearest(column, columns)}")
    return found


def _spelled(column: C, columns: Sequence[str]) -> C:
    """Return a column, or several, as the table spells them; one that is not there as it is."""
    found = [find_column(one, columns) or one for one in columns_of(column)]
    return cast(C, found[0] if isinstance(column, str) else found)


def kinds_of(
    inputs: Mapping[str, Column],
    records: Sequence[Record],
    kinds: Kinds,
    trained: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> dict[str, Kind]:
    """Return the kind of each modality: by its name, else as in training, else by all cells of its column.

    Args:
        inputs: Modality -> column, or columns.
        records: The table, in any order.
        kinds: All that are known.
        trained: Facts of each modality from training, empty before there are any.

    Raises:
        DataError: If the cells of a column name files that nothing reads, or can be read in several ways.
    """
    rows = [record.values for record in records]
    found: dict[str, Kind] = {}
    for name, column in inputs.items():
        facts = trained.get(name, {})
        if not isinstance(column, str):
            kind = kinds.of_columns(name)
        else:
            kind = (
                kinds.of_input(name)
                or kinds.get(facts.get("kind", ""))
                or _by_cells(name, column, inputs, records, kinds)
            )
        try:
            found[name] = kind.for_column(rows, column, facts)
        except Undecided as fault:
            record = records[fault.row]
            raise DataError(f"{name} {fault}.", sample=record.id, path=record.where, hint=fault.hint) from None
    return found


def target_kinds(
    targets: Mapping[str, str],
    records: Sequence[Record],
    kinds: Kinds,
    trained: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, Names],
) -> dict[str, Kind]:
    """Return the kind of each target, and of each that has names for its numbers, by its name.

    Args:
        targets: Target -> column.
        records: The table, in any order.
        kinds: All that are known.
        trained: Facts of each target from training, empty before there are any.
        names: Names of the numbers of a target, by target.

    Raises:
        ConfigError: If a target has no numbers to name.
    """
    rows = [record.values for record in records]
    found = {name: kinds.of_target(name) for name in {**targets, **names}}
    found |= {name: found[name].named(f"dataset.classes.{name}", given) for name, given in names.items()}
    return {name: k.for_column(rows, targets.get(name, name), trained.get(name, {})) for name, k in found.items()}


def _by_cells(name: str, column: str, inputs: Mapping[str, Column], records: Sequence[Record], kinds: Kinds) -> Kind:
    """Return the kind that most cells are of; a column of names of files or addresses is none of texts."""
    filled = [record for record in records if not absent(record.values.get(column))]
    kind = kinds.of_cells([record.values[column] for record in filled])
    if not kind.prose:
        return kind
    strange = [(record, rule) for record in filled if (rule := unread(record.values[column], kinds))]
    named = sum(isinstance(cell := record.values[column], str) and bool(kinds.of_file(cell)) for record in filled)
    if strange and 2 * (len(strange) + named) > len(filled):
        record, rule = min(strange, key=lambda one: (str(one[0].values[column]), one[0].id))
        texts = {**inputs, name: None, "text": column}
        hint = f"Convert or download the files; or set {setting('dataset.inputs', texts)} to read the cells as texts."
        raise DataError(f"column {column!r} of {name} {rule}.", sample=record.id, path=record.where, hint=hint)
    return kind


def unread(cell: Any, kinds: Kinds) -> str:
    """Return what is wrong with a cell that names something that is not read, such as ``a.heic``; empty if nothing is.

    It is the end of a line that begins with the column.
    """
    if not isinstance(cell, str):
        return ""
    if fault := no_path(cell):
        return fault
    if _FILE.fullmatch(cell) and not kinds.of_file(cell):
        return f"must be paths of files that are read ({', '.join(kinds.suffixes)}), got {cell!r}"
    return ""
