"""The records of a table, of all splits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from mmexp.dataset.table.reader import Record, column_names, find_column, read_table
from mmexp.dataset.table.text_format import TextFormat
from mmexp.error import ConfigError, nearest


class TableRecords:
    """Read the records of a table once, when they are first asked for.

    Attributes:
        path: Of the table.
        form: How it is written.
    """

    path: Path
    form: TextFormat

    @cached_property
    def _records(self) -> list[Record]:
        return read_table(self.path, self.form)

    def column(self, name: str) -> Mapping[str, Any]:
        """Return the value of a column by the id of a record; None where it is empty.

        Raises:
            ConfigError: If there is no such column.
        """
        known = column_names(self._records)
        if (found := find_column(name, known)) is None:
            rule = f"column must be one of {self.path}, got '{name}'"
            raise ConfigError(f"{rule}. {nearest(name, known)}")
        return {record.id: record.values.get(found) for record in self._records}
