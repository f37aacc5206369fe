"""Choose the columns of a table that are inputs and targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

from mmexp.dataset.column import Column, columns_of
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import absent
from mmexp.dataset.kind.kinds import Kinds
from mmexp.dataset.table.reader import Record, column_names, find_column
from mmexp.error import ConfigError, DataError, nearest

C = TypeVar("C", bound=Column)


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
            raise ConfigError(f"{key} must be one column, got {list(column)}. Set dataset.inputs.tabular=[...].")
        if role == "inputs" and own is None and kinds.of_target(name).is_file:
            raise ConfigError(f"{key} must have another name, got {name}, which is a target.")
        for one in columns_of(column):
            known(key, one, columns)
        if filled.isdisjoint(columns_of(column)):
            shown = repr(column) if isinstance(column, str) else ", ".join(column)
            raise DataError(f"column {shown} of {key} must have a value in some row, got none.")
    return chosen


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


def kinds_of(inputs: Mapping[str, Column], records: Sequence[Record], kinds: Kinds) -> dict[str, Kind]:
    """Return the kind of each modality: by its name, else by its first filled cell.

    Args:
        inputs: Modality -> column, or columns.
        records: The table.
        kinds: All that are known.
    """
    found: dict[str, Kind] = {}
    for name, column in inputs.items():
        if not isinstance(column, str):
            found[name] = kinds.of_columns(name)
            continue
        cells = (record.values.get(column) for record in records)
        first = next((cell for cell in cells if not absent(cell)), None)
        found[name] = kinds.of_input(name) or kinds.of_cell(first)
    return found
