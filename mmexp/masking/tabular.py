"""Mask cells of a row of a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mmexp.contract import Padded, Tokens
from mmexp.head.mlp import Head
from mmexp.masking.base import Masking
from mmexp.transform.tabular import UNKNOWN, TabularTransform


class TabularMasking(Masking):
    """Predict masked cells: numbers by their squared error in standard deviations, categories by their cross-entropy.

    A masked number is the mean, a masked category one that training never had. Cells that a row lacks, and categories
    that training never had, are no targets.

    Source: Yoon et al. 2020, "VIME: Extending the Success of Self- and Semi-supervised Learning to Tabular Domain",
    https://proceedings.neurips.cc/paper/2020/hash/7d97667a3e056acab9aaf653807b4a03-Abstract.html, section 4.1, the
    reconstruction of features. Differs: a masked cell says that it is one, so that no mask has to be predicted.

    Args:
        dim: Width D of the tokens.
        ratio: Fraction of the cells that is masked.

    Shape:
        values [B, C] -> predictions [Q, V]: of each column a number, or log-odds of its categories.

    Raises:
        ValueError: If the ratio is not between 0 and 1.
    """

    transforms = (TabularTransform,)
    first: Tensor
    sizes: Tensor
    is_number: Tensor

    def __init__(self, *, dim: int, ratio: float = 0.3) -> None:
        super().__init__(dim=dim, ratio=ratio)

    def prepare(self, transform: TabularTransform) -> None:
        self.columns = transform.columns
        self.classifies = any(column.numbers is not None for column in transform.columns)
        numbers = [column.numbers for column in transform.columns]
        sizes = torch.tensor([1 if own is None else max(1, len(own)) for own in numbers])
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("first", sizes.cumsum(0) - sizes, persistent=False)
        self.register_buffer("is_number", torch.tensor([own is None for own in numbers]), persistent=False)
        self.head = Head(dim=self.dim, width=int(sizes.sum()), depth=1, dropout=0.0)

    def cells(self, inputs: Padded) -> Tensor:
        return inputs.mask & (self.is_number | (inputs.values > UNKNOWN))

    def cover(self, inputs: Padded, masked: Tensor) -> Padded:
        return replace(inputs, values=inputs.values.masked_fill(masked, UNKNOWN))

    def predict(self, tokens: Tokens, inputs: Padded, masked: Tensor) -> Tensor:
        """As for every kind.

        Raises:
            ValueError: If there is not one token for each column.
        """
        if tokens.mask.shape != masked.shape:
            got = f"{tokens.mask.shape[1]} for {masked.shape[1]} columns"
            raise ValueError(f"TabularMasking: tokens must be one for each column, got {got}.")
        return self.head(tokens.features[masked])  # type: ignore[no-any-return]

    def errors(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> Tensor:
        column, value = masked.nonzero()[:, 1], inputs.values[masked]
        number = self.is_number[column]
        place = self.first[column] + torch.where(number, 0, value.long() - 1)
        own = predicted.gather(1, place.unsqueeze(1)).squeeze(1)
        return torch.where(number, (own - value).square(), self._of_column(predicted, column).logsumexp(1) - own)

    def hits(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> Tensor:
        column, value = masked.nonzero()[:, 1], inputs.values[masked]
        chosen = ~self.is_number[column]
        return (self._answers(predicted, column) == value)[chosen]

    def shown(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> list[dict[str, list[Any]]]:
        """The masked columns of each sample, each with the value and the prediction."""
        rows: list[dict[str, list[Any]]] = [{} for _ in masked]
        places = masked.nonzero().tolist()
        answers = self._answers(predicted, masked.nonzero()[:, 1]).tolist()
        for (row, place), value, answer in zip(places, inputs.values[masked].tolist(), answers, strict=True):
            column = self.columns[place]
            rows[row][column.name] = [column.write(value), column.write(answer)]
        return rows

    def _answers(self, predicted: Tensor, column: Tensor) -> Tensor:
        """The number, or the likeliest category, of each. [Q, V] -> [Q]"""
        own = predicted.gather(1, self.first[column].unsqueeze(1)).squeeze(1)
        likeliest = self._of_column(predicted, column).argmax(1) - self.first[column] + 1
        return torch.where(self.is_number[column], own, likeliest.to(own.dtype))

    def _of_column(self, predicted: Tensor, column: Tensor) -> Tensor:
        """Leave only what is predicted of each one's own column. [Q, V] -> [Q, V]"""
        place = torch.arange(predicted.shape[1], device=predicted.device)
        first = self.first[column].unsqueeze(1)
        inside = (place >= first) & (place < first + self.sizes[column].unsqueeze(1))
        return predicted.masked_fill(~inside, -torch.inf)
