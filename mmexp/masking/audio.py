"""Mask spans of audio."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.encoder.audio.logmel import LogMel
from mmexp.head.mlp import Head
from mmexp.masking.base import Masking
from mmexp.masking.places import features_at
from mmexp.transform.audio import AudioTransform

HOP = 10.0  # ms


class AudioMasking(Masking):
    """Predict the log-mel spectrogram of masked spans, by its mean squared error.

    The spectrogram has zero mean and unit deviation over each clip, so that an error of 1 is no better than the mean.

    Source: Baade, Peng and Harwath 2022, "MAE-AST: Masked Autoencoding Audio Spectrogram Transformer",
    https://arxiv.org/abs/2203.16691, section 2, frame-based masking with the loss of reconstruction; spans of a
    waveform: Baevski et al. 2020, "wav2vec 2.0", https://arxiv.org/abs/2006.11477, section 3.1. Differs: a masked span
    is silence rather than left out, so that any encoder of waveforms may be used.

    Args:
        dim: Width D of the tokens.
        ratio: Fraction of the spans that is masked.
        span: Length of a span, in ms; rounded to frames of 10 ms.
        num_mels: Mel bands F that are predicted.

    Shape:
        float [B, L] -> predictions [Q, T F] of T frames of a span.

    Raises:
        ValueError: If the ratio is not between 0 and 1, or the span is shorter than a frame.
    """

    transforms = (AudioTransform,)

    def __init__(self, *, dim: int, ratio: float = 0.5, span: float = 80.0, num_mels: int = 40) -> None:
        super().__init__(dim=dim, ratio=ratio)
        if span < HOP:
            raise ValueError(f"AudioMasking: span must be at least {HOP:g} ms, got {span}.")
        self.frames, self.num_mels = round(span / HOP), num_mels

    def prepare(self, transform: AudioTransform) -> None:
        self.spectrogram = LogMel(sample_rate=transform.sample_rate, num_mels=self.num_mels, hop=HOP)
        self.length = self.frames * self.spectrogram.hop  # samples of a span
        self.head = Head(dim=self.dim, width=self.frames * self.num_mels, depth=1, dropout=0.0)

    def cells(self, inputs: Padded) -> Tensor:
        return inputs.mask[:, :: self.length]

    def cover(self, inputs: Padded, masked: Tensor) -> Padded:
        silent = masked.repeat_interleave(self.length, 1)[:, : inputs.values.shape[1]]
        return replace(inputs, values=inputs.values.masked_fill(silent, 0))

    def predict(self, tokens: Tokens, inputs: Padded, masked: Tensor) -> Tensor:
        middles = torch.arange(masked.shape[1], device=masked.device) + 0.5  # [P]
        spans = inputs.mask.sum(1, keepdim=True).clamp(min=1) / self.length  # [B, 1]
        return self.head(features_at(tokens, middles / spans)[masked])  # type: ignore[no-any-return]

    def errors(self, predicted: Tensor, inputs: Padded, masked: Tensor) -> Tensor:
        """Average over the frames of a span that are not padding."""
        mel = self.spectrogram(inputs)
        missing = masked.shape[1] * self.frames - mel.mask.shape[1]
        shape = (*masked.shape, self.frames)
        true = F.pad(mel.features, (0, 0, 0, missing)).view(*shape, self.num_mels)[masked]  # [Q, T, F]
        real = F.pad(mel.mask, (0, missing)).view(shape)[masked]  # [Q, T]
        apart = (predicted.view_as(true) - true).square().mean(2) * real
        return apart.sum(1) / real.sum(1).clamp(min=1)
