"""Mask numbers of a vector, or of a sequence of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mmexp.contract import Padded, Tokens
from mmexp.head.mlp import Head
from mmexp.layer.running_gaussian import FLOOR, RunningGaussian
from mmexp.masking.base import Masking
from mmexp.masking.places import features_at
from mmexp.transform.vector import VectorTransform


class VectorMasking(Masking):
    """Predict masked numbers, by their squared error in standard deviations of that number.

    Of a sequence each of the F numbers is masked for some time steps in a row, since a single one could be guessed from
    the two next to it. A masked number is the mean of that number; means and deviations are those of the training so
    far.

    Source: Zerveas et al. 2021, "A Transformer-based Framework for Multivariate Time Series Representation Learning",
    https://arxiv.org/abs/2010.02803, section 3.2, segments of length 3 of 15 % of each variable. Differs: segments
    begin at multiples of their length.

    Args:
        dim: Width D of the tokens.
        ratio: Fraction of the numbers, or segments, that is masked.
        span: Time steps of a segment.

    Shape:
        float [B, F] or [B, L, F] -> predictions [Q].

    Raises:
        ValueError: If the ratio is not between 0 and 1, or the span is not positive.
    """

    transforms = (VectorTransform,)

    def __init__(self, *, dim: int, ratio: float = 0.15, span: int = 3) -> None:
        super().__init__(dim=dim, ratio=ratio)
        if span < 1:
            raise ValueError(f"VectorMasking: span must be positive, got {span}.")
        self.span = span

    def prepare(self, transform: VectorTransform) -> None:
        self.usual = RunningGaussian(transform.width)
        self.head = Head(dim=self.dim, width=transform.width, depth=1, dropout=0.0)

    def cells(self, inputs: Padded) -> Tensor:
        if inputs.mask.ndim == 1:
            return inputs.mask.unsqueeze(1).expand_as(inputs.values)
        return inputs.mask[:, :: self.span].unsqueeze(2).expand(-1, -1, inputs.values.shape[2]).flatten(1)

    def choose(self, inputs: Padded, names: Sequence[str]) -> Tensor:
        """As for every kind, but number by number. -> bool [B, F] or [B, L, F]"""
        if self.training:
            self.usual.update(inputs.values[inputs.mask].float())
        segments = super().choose(inputs, names)
        if inputs.mask.ndim == 1:
            return segments
        steps = segments.view(len(segments), -1, inputs.values.shape[2]).repeat_interleave(self.span, 1)
        return steps[:, : inputs.mask.shape[1]] & inputs.mask.unsqueeze(2)

    def cover(self, inputs: Padded, masked: Tensor) -> Padded:
        return replace(inputs, values=torch.where(masked, self.usual.mean.to(inputs.values.dtype), inputs.values))

    def predict(self, tokens: Tokens, inputs: Padded, masked: Tensor) -> Tensor:
        steps = 1 if inputs.mask.ndim == 1 else inputs.mask.shape[1]
        length = inputs.mask.view(len(inputs.mask), -1).sum(1, keepdim=True)  # [B, 1]
        middles = torch.arange(steps, device=masked.device) + 0.5
        found: Tensor = self.head(features_at(tokens, middles / length.clamp(min=1)))  # [B, L, F]
        return found.reshape(masked.shape)[masked]

    def errors(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> Tensor:
        deviation = self.usual.covariance.diagonal().clamp(min=FLOOR).sqrt()
        true = (inputs.values - self.usual.mean) / deviation
        return (predicted - true[masked]).square()
