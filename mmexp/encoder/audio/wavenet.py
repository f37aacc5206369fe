"""Dilated causal convolutions over the waveform."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.encoder.audio.logmel import LOUDNESS, equally_loud
from mmexp.encoder.base import Encoder
from mmexp.layer.convolution import ConvolutionStack
from mmexp.transform.audio import AudioTransform


class WaveNetEncoder(Encoder):
    """Encode audio with dilated causal convolutions over its samples, and average their sum of skips to tokens.

    A layer computes ``z = tanh(W_f * x) . sigmoid(W_g * x)`` with a dilated convolution of kernel 2, adds a linear map
    of z to x and gives another one as its skip. The dilation is 1, 2, 4 ... 2^(depth - 1) in each of the stacks.

    Receptive field of a frame, in samples: ``stride * (2 + stacks * (2^depth - 1))``, the last of which is the last of
    the frame; 2048 by default, 256 ms at 8 kHz.

    Source: van den Oord et al. 2016, "WaveNet: A Generative Model for Raw Audio", https://arxiv.org/abs/1609.03499,
    sec. 2.1, 2.3 and 2.4, and sec. 3.4, mean-pooled for recognition, then mixed by convolutions that are not causal.
    Differs: a causal convolution with a stride first makes frames of the samples, so that each layer costs ``stride``
    times less; samples are numbers of unit power, not classes of the mu-law.

    Args:
        dim: Width D of the tokens.
        transform: Resampling and augmentation of the audio.
        hop: Length of a token, in ms.
        width: Channels W of the layers and of their skips.
        stride: Samples of a frame; 1 is the paper's.
        depth: Layers of a stack.
        stacks: Times that the dilations are repeated.
        dropout: Probability of dropping a whole channel of the sum of skips.

    Shape:
        float [B, L] -> Tokens [B, N, D], N = ceil(ceil(L / stride) / frames of a hop).

    Raises:
        ValueError: If hop is shorter than a frame.
    """

    def __init__(
        self,
        *,
        dim: int,
        transform: AudioTransform,
        hop: float = 40.0,
        width: int = 32,
        stride: int = 16,
        depth: int = 6,
        stacks: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.transform, self.stride = transform, stride
        self.per_token = round(transform.sample_rate * hop / 1000 / stride)
        if self.per_token < 1:
            shortest = 1000 * stride / transform.sample_rate
            raise ValueError(f"WaveNetEncoder: hop must be at least a frame of {shortest:g} ms, got {hop}.")
        self.front = nn.Conv1d(1, width, 2 * stride, stride)
        self.layers = nn.ModuleList(GatedLayer(width, 2**place) for _ in range(stacks) for place in range(depth))
        self.dropout = nn.Dropout1d(dropout)
        self.project = nn.Linear(width, dim)
        self.mix = ConvolutionStack(dim=dim, depth=2, dropout=dropout)
        for module in (self.front, *self.layers.modules()):
            if isinstance(module, nn.Conv1d):  # as torch begins, biases drown the signal after so many layers
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, inputs: Padded) -> Tokens:
        frames = self.dropout(self.frames(equally_loud(inputs) / LOUDNESS))  # [B, W, T]
        tokens = average(frames.relu().transpose(1, 2), inputs.mask[:, :: self.stride], self.per_token)
        return self.mix(Tokens(self.project(tokens.features), tokens.mask))  # type: ignore[no-any-return]

    def frames(self, samples: Tensor) -> Tensor:
        """Sum the skips of all layers. [B, L] -> [B, W, T], T = ceil(L / stride)"""
        x = self.front(F.pad(samples.unsqueeze(1), (self.stride, -samples.shape[1] % self.stride)))  # [B, W, T]
        total: Tensor = torch.zeros_like(x)
        for layer in self.layers:
            x, skip = layer(x)
            total = total + skip
        return total


class GatedLayer(nn.Module):
    """Convolve causally with a gate. [B, W, T] -> [B, W, T] with the residual, and the skip [B, W, T]"""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.convolution = nn.Conv1d(width, 2 * width, 2, dilation=dilation)  # filter and gate
        self.out = nn.Conv1d(width, 2 * width, 1)  # residual and skip

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        signal, gate = self.convolution(F.pad(x, (self.dilation, 0))).chunk(2, 1)
        residual, skip = self.out(torch.tanh(signal) * torch.sigmoid(gate)).chunk(2, 1)
        return x + residual, skip


def average(features: Tensor, mask: Tensor, count: int) -> Tokens:
    """Average the real ones of every ``count`` frames. [B, T, W], [B, T] -> Tokens [B, ceil(T / count), W]"""
    rows, length, width = features.shape
    real = F.pad(mask, (0, -length % count)).view(rows, -1, count)  # [B, N, count]
    whole = F.pad(features, (0, 0, 0, -length % count)).view(rows, -1, count, width) * real.unsqueeze(-1)
    return Tokens(whole.sum(2) / real.sum(2).clamp(min=1).unsqueeze(-1), real.any(2))
