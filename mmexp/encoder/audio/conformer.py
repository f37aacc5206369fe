"""Attention and convolution over a log-mel spectrogram."""

from __future__ import annotations

from typing import Literal

from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.audio.logmel import LogMel
from mmexp.encoder.base import Encoder
from mmexp.layer.conformer import ConformerBlock
from mmexp.transform.audio import AudioTransform

HOP = 10.0  # ms
REACH = 7  # frames to either side
CHANNELS = 32  # while frames are subsampled


class ConformerEncoder(Encoder):
    """Encode audio with conformer blocks over a log-mel spectrogram, one token per 40 ms.

    Source: Gulati et al. 2020, "Conformer: Convolution-augmented Transformer for Speech Recognition",
    https://arxiv.org/abs/2005.08100, sec. 2. Differs: small; 32 channels while two convolutions subsample the frames by
    four; a kernel of 15; LayerNorm in the convolution module.

    Args:
        dim: Width D of the tokens.
        transform: Resampling and augmentation of the audio.
        num_mels: Mel bands.
        level: What is normalised: the whole ``clip``, or each ``band`` of it.
        warp: Largest random stretch of the frequency axis while training, relative.
        mask_bands: Widest random block of bands silenced while training (SpecAugment).
        mask_frames: Longest random block of frames silenced while training, as a fraction of the clip.
        depth: Blocks.
        num_heads: Attention heads; must divide dim.
        dropout: Probability of dropping a feature.

    Shape:
        float [B, L] -> Tokens [B, N, D], N = frames / 4.

    Raises:
        ValueError: If num_heads does not divide dim.
    """

    def __init__(
        self,
        *,
        dim: int,
        transform: AudioTransform,
        num_mels: int = 40,
        level: Literal["clip", "band"] = "clip",
        warp: float = 0.0,
        mask_bands: int = 0,
        mask_frames: float = 0.0,
        depth: int = 2,
        num_heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.transform = transform
        self.spectrogram = LogMel(
            sample_rate=transform.sample_rate,
            num_mels=num_mels,
            hop=HOP,
            level=level,
            warp=warp,
            mask_bands=mask_bands,
            mask_frames=mask_frames,
        )
        self.halves = nn.ModuleList(nn.Conv2d(channels, CHANNELS, 3, 2, 1) for channels in (1, CHANNELS))
        self.project = nn.Linear(CHANNELS * -(-num_mels // 4), dim)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            ConformerBlock(dim=dim, num_heads=num_heads, reach=REACH, dropout=dropout) for _ in range(depth)
        )

    def forward(self, inputs: Padded) -> Tokens:
        mel = self.spectrogram(inputs)  # [B, T, F]
        features, mask = mel.features.unsqueeze(1), mel.mask  # [B, 1, T, F]
        for halve in self.halves:
            mask = mask[:, ::2]
            features = halve(features).relu() * mask[:, None, :, None]  # [B, C, T / 2, F / 2]
        x = self.dropout(self.project(features.transpose(1, 2).flatten(2)))  # [B, N, D]
        for block in self.blocks:
            x = block(x, mask)
        return Tokens(x, mask)
