"""Convolutions over a log-mel spectrogram."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, cast

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.audio.logmel import LogMel
from mmexp.encoder.base import Encoder
from mmexp.transform.audio import AudioTransform


class CnnEncoder(Encoder):
    """Encode audio with a 2-d CNN over a log-mel spectrogram, one token per remaining frame.

    Source: Hershey et al. 2017, "CNN Architectures for Large-Scale Audio Classification". Differs: thin, and the mel
    axis is folded into the features so that time keeps its positions.

    Args:
        dim: Width D of the tokens.
        transform: Resampling and augmentation of the audio.
        num_mels: Mel bands; a multiple of 2^len(widths).
        hop: Step between frames, in ms.
        widths: Channels of each stage; each halves bands and frames.
        dropout: Probability of dropping a whole channel after each stage.
        level: What is normalised: the whole ``clip``, or each ``band`` of it.
        warp: Largest random stretch of the frequency axis while training, relative.
        mask_bands: Widest random block of bands silenced while training (SpecAugment).
        mask_frames: Longest random block of frames silenced while training, as a fraction of the clip.

    Shape:
        float [B, L] -> Tokens [B, N, D], N = frames / 2^len(widths).

    Raises:
        ValueError: If num_mels is not a multiple of 2^len(widths).
    """

    def __init__(
        self,
        *,
        dim: int,
        transform: AudioTransform,
        num_mels: int = 40,
        hop: float = 10.0,
        widths: Sequence[int] = (32, 64, 128),
        dropout: float = 0.1,
        level: Literal["clip", "band"] = "clip",
        warp: float = 0.0,
        mask_bands: int = 0,
        mask_frames: float = 0.0,
    ) -> None:
        super().__init__()
        shrink = 2 ** len(widths)
        if num_mels % shrink:
            raise ValueError(
                f"CnnEncoder: num_mels must be a multiple of {shrink} for {len(widths)} widths, got {num_mels}."
            )
        self.transform = transform
        self.spectrogram = LogMel(
            sample_rate=transform.sample_rate,
            num_mels=num_mels,
            hop=hop,
            level=level,
            warp=warp,
            mask_bands=mask_bands,
            mask_frames=mask_frames,
        )
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
            for channels, width in pairwise((1, *widths))
        ).to(memory_format=torch.channels_last)
        self.halve = nn.Sequential(nn.MaxPool2d(2, ceil_mode=True), nn.Dropout2d(dropout))
        self.project = nn.Linear(widths[-1] * num_mels // shrink, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        mel = self.spectrogram(inputs)  # [B, T, F]
        features, mask = mel.features.unsqueeze(1), mel.mask  # [B, 1, T, F]
        for stage in self.stages:
            convolution, norm, activation = cast(nn.Sequential, stage)
            features = activation(over_frames(norm, convolution(features), mask))
            features = self.halve(features * mask[:, None, :, None])  # [B, C, T / 2, F / 2]
            mask = mask[:, ::2]
        features = self.norm(self.project(features.transpose(1, 2).flatten(2)))  # [B, N, D]
        return Tokens(features, mask)


def over_frames(norm: nn.Module, features: Tensor, mask: Tensor) -> Tensor:
    """Normalise by the statistics of real frames alone, so that training does not depend on the padding.

    Args:
        norm: A batch norm.
        features: [B, C, T, F]
        mask: Which frames are real. [B, T]
    """
    if not norm.training or bool(mask.all()):
        return norm(features)  # type: ignore[no-any-return]
    frames = features.permute(0, 2, 3, 1)  # [B, T, F, C]
    real = norm(frames[mask].transpose(1, 2).unsqueeze(-1)).squeeze(-1).transpose(1, 2)  # [P, F, C]
    return torch.zeros_like(frames, dtype=real.dtype).index_put((mask,), real).permute(0, 3, 1, 2)
