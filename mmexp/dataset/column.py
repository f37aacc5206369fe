"""Columns of a table that one modality is read from, as a config names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmexp.error import ConfigError, nearest
from mmexp.run.command import setting

Column = str | Sequence[str]


def columns_of(column: Column) -> tuple[str, ...]:
    """Return the names of the one column or the several that a modality is read from."""
    return (column,) if isinstance(column, str) else tuple(column)


def as_mapping(key: str, given: Any, names: Sequence[str] = ()) -> dict[str, Any] | None:
    """Check that a value of the config is a mapping, or None.

    Args:
        key: Its key, for messages.
        given: The value.
        names: Names it may have; any if empty.

    Raises:
        ConfigError: If it is something else, or has another name.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        listed = [given] if isinstance(given, str) else given if isinstance(given, Sequence) else []
        values = [one for one in listed if isinstance(one, str)]
        columns = {one: one for one in values} or {"name": "value"}
        example = {names[0]: [*values, "value"][0]} if names else columns
        raise ConfigError(f"{key} must be a mapping, got {given!r}. Set {setting(key, example)} or the like.")
    if unknown := [str(name) for name in given if names and name not in names]:
        raise ConfigError([f"{key}.{name} is not known. {nearest(name, names)}" for name in unknown])
    return dict(given)
