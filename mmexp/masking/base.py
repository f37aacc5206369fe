"""Mask a part of one input, and predict it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Sample, Tokens
from mmexp.masking.chances import chances_of, lowest
from mmexp.transform.base import Transform

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Masking(nn.Module, ABC):
    """Mask a part of one input, and predict it from the tokens of what is left.

    What a sample lacks is never masked, so that it is no target either. A head is made once the transform of the input
    is known.

    Args:
        dim: Width D of the tokens.
        ratio: Fraction of the cells of each sample that is masked, at least one.

    Shape:
        P cells of each of B samples, Q of which in all are masked.

    Attributes:
        transforms: That give what it reads; an input of another one is not masked.
        classifies: Whether some of its predictions are of a class.

    Raises:
        ValueError: If the ratio is not between 0 and 1.
    """

    transforms: tuple[type[Transform], ...] = ()
    classifies: bool = False

    def __init__(self, *, dim: int, ratio: float) -> None:
        super().__init__()
        if not 0 < ratio < 1:
            raise ValueError(f"{type(self).__name__}: ratio must be in (0, 1), got {ratio}.")
        self.dim, self.ratio = dim, ratio

    @abstractmethod
    def prepare(self, transform: Any) -> None:
        """Make what depends on the input: the head, from what its transform knows."""

    @abstractmethod
    def cells(self, inputs: Padded) -> Tensor:
        """Mark the cells that may be masked. -> bool [B, P]"""

    @abstractmethod
    def cover(self, inputs: Padded, masked: Tensor) -> Padded:
        """Return the inputs without what is masked."""

    @abstractmethod
    def predict(self, tokens: Tokens, inputs: Padded, masked: Tensor) -> Tensor:
        """Predict what is masked.

        Args:
            tokens: Of what is left of this input, each fused with the other inputs. [B, N, D]
            inputs: Of which only sizes and masks are read.
            masked: What ``choose`` has returned.

        Returns:
            A row for each masked cell, in order. [Q, ...]
        """

    @abstractmethod
    def errors(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> Tensor:
        """Compute the error of each prediction. [Q, ...] -> [Q]"""

    def hits(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> Tensor:
        """Return which predictions of classes are right; of anything else none is. [Q, ...] -> bool [at most Q]"""
        return masked.new_zeros(0)

    def choose(self, inputs: Padded, names: Sequence[str]) -> Tensor:
        """Choose what is masked: at random in training, else by the names of the samples. -> bool [B, P]"""
        real = self.cells(inputs)
        drawn = torch.rand(real.shape, device=real.device) if self.training else chances_of(names, real.shape[1])
        return lowest(drawn.to(real.device), real, self.ratio)

    def shown(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> list[Any]:
        """Return what a row of predictions holds of each sample: the mean error by default, None if none is masked."""
        rows = masked.nonzero()[:, 0]
        errors = self.errors(predicted, inputs, masked)
        total = errors.new_zeros(len(masked)).index_add(0, rows, errors)
        count = rows.bincount(minlength=len(masked))
        means = (total / count.clamp(min=1)).tolist()
        return [mean if number else None for mean, number in zip(means, count.tolist(), strict=True)]

    def plots(self, name: str, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw what was predicted of an input, by figure; by default nothing.

        Args:
            name: Of the input; ``masked_<name>`` of a row is what ``shown`` has returned.
            rows: Predictions.
            samples: The sample of each.
        """
        return {}
