"""Any torchmetrics metric on two columns of the prediction rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from mmexp.error import ConfigError
from mmexp.metric.row import RowMetric, cell


class ColumnMetric(RowMetric):
    """Feed a torchmetrics metric from two columns of the prediction rows.

    Rows without a target are left out, and so are, with classes, those whose target is none of them. Without any row
    the result is NaN.

    Args:
        base_metric: Takes predictions and targets, [N] each: class numbers if there are classes, else numbers.
        preds: Column of the predictions.
        target: Column of the targets.
        classes: Values of both columns, in the order of their numbers; None if the columns hold numbers.
    """

    count: Tensor

    def __init__(self, *, base_metric: Metric, preds: str, target: str, classes: Sequence[Any] | None = None) -> None:
        super().__init__()
        self.base_metric, self.preds, self.target = base_metric, preds, target
        self.numbers = None if classes is None else {value: number for number, value in enumerate(classes)}
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    @property
    def higher_is_better(self) -> bool | None:  # type: ignore[override]
        """Direction of the base metric."""
        return self.base_metric.higher_is_better

    def update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add the rows of one batch.

        Raises:
            ConfigError: If the rows lack a column, or it holds no number and no class.
        """
        pairs = [pair for row in rows if (pair := self._pair(row)) is not None]
        if rows and not any(self.target in row for row in rows):
            cell(rows[0], "target", self.target)
        if pairs:
            preds, targets = zip(*pairs, strict=True)
            self.base_metric.update(torch.tensor(preds, device=self.device), torch.tensor(targets, device=self.device))
            self.count += len(pairs)

    def compute(self) -> Tensor:
        """Return what the base metric computes."""
        if not self.count:
            return torch.tensor(torch.nan)
        return torch.as_tensor(self.base_metric.compute())

    def reset(self) -> None:
        """Forget all rows."""
        super().reset()
        self.base_metric.reset()

    def _pair(self, row: Mapping[str, Any]) -> tuple[float, float] | None:
        predicted, target = cell(row, "preds", self.preds), row.get(self.target)
        if target is None or (self.numbers is not None and not self._is_class(target)):
            return None
        return self._number(predicted), self._number(target)

    def _is_class(self, value: Any) -> bool:
        return not isinstance(value, list) and value in (self.numbers or {})

    def _number(self, value: Any) -> float:
        if self.numbers is not None and self._is_class(value):
            return self.numbers[value]
        if self.numbers is None and isinstance(value, int | float):
            return value
        kind = "a number" if self.numbers is None else f"one of the classes {', '.join(map(str, self.numbers))}"
        raise ConfigError(f"metric: column must hold {kind}, got {value!r}.")
