"""A recurrent network over a log-mel spectrogram."""

from __future__ import annotations

from typing import Literal

from torch import nn
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.encoder.audio.logmel import LogMel
from mmexp.encoder.base import Encoder
from mmexp.layer.recurrent import Recurrent
from mmexp.transform.audio import AudioTransform

HOP = 10.0  # ms


class LSTMEncoder(Encoder):
    """Encode audio with a bidirectional LSTM over a log-mel spectrogram, one token per stack of frames.

    Source: Graves et al. 2013, "Speech Recognition with Deep Recurrent Neural Networks",
    https://arxiv.org/abs/1303.5778; frames stacked: Sak et al. 2015, "Fast and Accurate Recurrent Neural Network
    Acoustic Models for Speech Recognition", https://arxiv.org/abs/1507.06947, sec. 3. Differs: stacks do not overlap,
    and LayerNorm after it.

    Args:
        dim: Width D of the tokens; even, since each direction gets half.
        transform: Resampling and augmentation of the audio.
        num_mels: Mel bands.
        stack: Frames of 10 ms that are read as one.
        level: What is normalised: the whole ``clip``, or each ``band`` of it.
        warp: Largest random stretch of the frequency axis while training, relative.
        mask_bands: Widest random block of bands silenced while training (SpecAugment).
        mask_frames: Longest random block of frames silenced while training, as a fraction of the clip.
        depth: Layers.
        dropout: Probability of dropping a feature between layers and of what comes out.

    Shape:
        float [B, L] -> Tokens [B, N, D], N = ceil(frames / stack).

    Raises:
        ValueError: If dim is odd or stack is not positive.
    """

    def __init__(
        self,
        *,
        dim: int,
        transform: AudioTransform,
        num_mels: int = 40,
        stack: int = 4,
        level: Literal["clip", "band"] = "clip",
        warp: float = 0.0,
        mask_bands: int = 0,
        mask_frames: float = 0.0,
        depth: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if stack < 1:
            raise ValueError(f"LSTMEncoder: stack must be positive, got {stack}.")
        self.transform, self.stack = transform, stack
        self.spectrogram = LogMel(
            sample_rate=transform.sample_rate,
            num_mels=num_mels,
            hop=HOP,
            level=level,
            warp=warp,
            mask_bands=mask_bands,
            mask_frames=mask_frames,
        )
        self.recurrent = Recurrent(
            cell=nn.LSTM, width=stack * num_mels, dim=dim, depth=depth, causal=False, dropout=dropout
        )
        self.dropout, self.norm = nn.Dropout(dropout), nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        mel = self.spectrogram(inputs)  # [B, T, F]
        rows, length, bands = mel.features.shape
        padded = F.pad(mel.features, (0, 0, 0, -length % self.stack))
        stacks = padded.view(rows, -1, self.stack * bands)  # [B, N, stack * F]
        tokens = self.recurrent(Tokens(stacks, mel.mask[:, :: self.stack]))  # [B, N, D]
        return Tokens(self.norm(self.dropout(tokens.features)), tokens.mask)
