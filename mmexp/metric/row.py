"""Base class of metrics that are computed from the prediction rows of any task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torchmetrics import Metric

from mmexp.error import ConfigError


class RowMetric(Metric):
    """Accumulate prediction rows, then compute a number from them.

    States are declared by ``add_state`` as in torchmetrics, so that they are gathered over processes and every sample
    counts once. ``higher_is_better`` gives the direction that is written into ``summary.json``.
    """

    def prepare(self) -> None:
        """Make sure, before training, that what it reads in addition to rows is there; by default it reads nothing."""

    @abstractmethod
    def update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take the rows of one batch, as ``Task.predictions`` gives them."""

    @abstractmethod
    def compute(self) -> Tensor | dict[str, Tensor]:
        """Return a scalar over all rows, or several by the names they are reported with."""


def cell(row: Mapping[str, Any], role: str, column: str) -> Any:
    """Return what a row has in a column.

    Args:
        row: A prediction row.
        role: The argument that names the column, for the message.
        column: Its name.

    Raises:
        ConfigError: If the row has no such column.
    """
    if column not in row:
        raise ConfigError(
            f"metric: {role} must be a column of the prediction rows, got '{column}' of {', '.join(row)}."
        )
    return row[column]
