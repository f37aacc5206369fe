"""Base class of metrics that compare a text of each prediction row with its references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmexp.analysis.predictions import said
from mmexp.error import ConfigError
from mmexp.metric.row import RowMetric, cell


class TextsMetric(RowMetric):
    """Read the texts of the prediction rows.

    Args:
        preds: Column of the texts that are measured, such as greedy; None for the one that the task predicts.
        references: Column of what they should say, one text or a list of them; None for references or target.
    """

    full_state_update = False
    higher_is_better = True

    def __init__(self, *, preds: str | None = None, references: str | None = None) -> None:
        super().__init__()
        self.preds, self.references = preds, references

    def texts(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, tuple[str, ...]]]:
        """Return the text and the references of each row that has any.

        Raises:
            ConfigError: If the rows lack a column, or it holds anything else than texts.
        """
        found = [(self._text(row), self._references(row)) for row in rows]
        return [pair for pair in found if pair[1]]

    def _text(self, row: Mapping[str, Any]) -> str:
        column = said(row) if self.preds is None else self.preds
        return _checked(cell(row, "preds", column), column)

    def _references(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        column = self.references or ("references" if "references" in row else "target")
        value = row.get(column) if self.references is None else cell(row, "references", column)
        several = value if isinstance(value, list | tuple) else [] if value is None else [value]
        return tuple(_checked(one, column) for one in several)


def _checked(value: Any, column: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"metric: column '{column}' must hold texts, got {value!r}.")
    return value
