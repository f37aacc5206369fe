"""An input divided into parts that can be taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mmexp.contract import Batch, Padded


@dataclass(frozen=True)
class Parts:
    """Parts of one input of one sample.

    Args:
        place: Part that each position is of, from 0; -1 of none. long, of the last axes of the values.
        names: Of the parts.
        blank: What stands where a part is taken away, of the shape of the values; None if it is masked, as padding is.
    """

    place: Tensor
    names: Sequence[str]
    blank: Tensor | None = None

    def without(self, inputs: Padded, kept: Tensor) -> Padded:
        """Take parts away.

        Args:
            inputs: Of one sample.
            kept: Whether each part stays, in each of K rows. [K, P]
        """
        rows = len(kept)
        many: Padded = repeated(Batch({"x": inputs}, {}, ("x",)), rows).inputs["x"]
        stays = (kept > 0.5)[:, self.place.clamp(min=0)] | (self.place < 0)
        if self.blank is None:
            return replace(many, mask=many.mask & stays)
        stays = stays.view(rows, *[1] * (many.values.ndim - 1 - self.place.ndim), *self.place.shape)
        return replace(many, values=torch.where(stays, many.values, self.blank.to(many.values)))

    def sums(self, values: Tensor) -> Tensor:
        """Add up what is of each position. -> [P]"""
        found = values.new_zeros(len(self.names))
        known = self.place >= 0
        return found.index_add(0, self.place[known], values[known])


def repeated(batch: Batch, rows: int) -> Batch:
    """Return a batch of one sample with this sample several times."""
    return Batch(
        {name: _repeated(own, rows) for name, own in batch.inputs.items()},
        batch.targets,
        batch.ids * rows,
        batch.files * rows,
    )


def _repeated(own: Padded, rows: int) -> Padded:
    tensors = {name: value for name, value in vars(own).items() if isinstance(value, Tensor)}
    return replace(own, **{name: value.expand(rows, *value.shape[1:]) for name, value in tensors.items()})


def rows_of(own: Padded, span: slice) -> Padded:
    """Return some rows of padded values."""
    return replace(own, **{name: value[span] for name, value in vars(own).items() if isinstance(value, Tensor)})
