"""Convert audio to a log-mel spectrogram and back."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.encoder.audio.logmel import mel_filters

QUIET = -2.0  # decades of amplitude, relative to a tone of amplitude 1, of a level of 0: -40 dB
SILENT = -4.0  # decades under which all is silence
DECIBELS = 20.0  # of one decade
WIDE = 4  # hops that a frame is long
TAIL = WIDE // 2  # frames that still overlap the audio after its last frame


class Vocoder(nn.Module):
    """Compute the level of each mel band in each frame, and find audio with given levels (Griffin-Lim).

    A frame has a level per band: 0 is 40 dB below a tone of amplitude 1, and 1 is 20 dB. Back from it, the magnitudes
    are those of least squares, but not below zero; the phases begin at random, drawn from the name of the sample, and
    the phases of the nearest real audio are taken again and again.

    Source: Griffin and Lim 1984, "Signal Estimation from Modified Short-Time Fourier Transform",
    https://doi.org/10.1109/TASSP.1984.1164317; with the momentum of Perraudin et al. 2013, "A Fast Griffin-Lim
    Algorithm", https://doi.org/10.1109/WASPAA.2013.6701851, algorithm 2. Differs: what frames after the last one hold
    is free.

    Args:
        sample_rate: In Hz.
        num_mels: Bands F, spread over 0 Hz to half the rate.
        hop: Step between frames, in ms; a frame is 4 hops long.
        iterations: How often the phases are found anew.
        momentum: How far each step goes on in the direction of the last one; 0 is plain Griffin-Lim.

    Raises:
        ValueError: If hop is less than one sample.
    """

    window: Tensor
    filters: Tensor
    inverse: Tensor

    def __init__(
        self, *, sample_rate: int, num_mels: int, hop: float, iterations: int = 16, momentum: float = 0.99
    ) -> None:
        super().__init__()
        self.sample_rate, self.iterations, self.momentum = sample_rate, iterations, momentum
        self.hop = round(sample_rate * hop / 1000)
        if self.hop < 1:
            raise ValueError(f"Vocoder: hop must be at least one sample, {1000 / sample_rate} ms, got {hop} ms.")
        self.size = WIDE * self.hop
        filters = mel_filters(sample_rate, self.size, num_mels)
        self.register_buffer("window", torch.hann_window(self.size), persistent=False)
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("inverse", torch.linalg.pinv(filters), persistent=False)

    def analyse(self, audio: Padded) -> Tokens:
        """Levels of every frame; frame t is centred on sample t * hop. [B, L] -> [B, T, F], T = ceil(L / hop)"""
        mask = audio.mask[:, :: self.hop]
        with torch.autocast(audio.values.device.type, enabled=False):
            spectrum = self.spectrum(audio.values.float() * audio.mask)
            loud = spectrum.abs().transpose(1, 2)[:, : mask.shape[1]] @ self.filters  # [B, T, F]
            levels = loud.clamp(min=10**SILENT).log10() - QUIET
        return Tokens(levels * mask.unsqueeze(-1), mask)

    def magnitudes(self, levels: Tensor) -> Tensor:
        """Magnitudes whose bands come nearest to the levels. [B, T, F] -> [B, K, T]"""
        loud = 10 ** (levels.float() + QUIET)
        return (loud @ self.inverse).clamp(min=0).transpose(1, 2)

    @torch.no_grad()
    def synthesise(self, frames: Tokens, names: Sequence[str]) -> Tensor:
        """Return audio of those levels, the same whatever else is in the batch. [B, T, F] -> [B, T * hop]

        Args:
            frames: Levels; the rows' real frames come first.
            names: Of the samples, which fix the phases it begins with.
        """
        with torch.autocast(frames.features.device.type, enabled=False):
            return self.search(self.magnitudes(frames.features), frames.mask, names)

    def search(self, magnitudes: Tensor, mask: Tensor, names: Sequence[str]) -> Tensor:
        """Find audio of such magnitudes. [B, K, T], [B, T] -> [B, T * hop]"""
        real = mask.repeat_interleave(self.hop, 1)  # [B, T * hop]
        sounding = F.pad(real, (0, (TAIL - 1) * self.hop))
        known = F.pad(mask, (0, TAIL)).unsqueeze(1)  # [B, 1, T + TAIL]
        magnitudes = F.pad(magnitudes * mask.unsqueeze(1), (0, TAIL))  # [B, K, T + TAIL]
        spectrum = last = torch.polar(magnitudes, _phases(magnitudes, mask, names))
        for _ in range(self.iterations):
            true = self.spectrum(self.audio(spectrum) * sounding)
            ahead = true + self.momentum * (true - last)
            spectrum, last = torch.where(known, magnitudes * _direction(ahead), ahead), true
        return (self.audio(spectrum)[:, : real.shape[1]] * real).clamp(-1, 1)

    def spectrum(self, samples: Tensor) -> Tensor:
        """Short-time Fourier transform, in which a tone is as high as its amplitude. [B, L] -> [B, K, 1 + L / hop]"""
        scaled = samples * (2 / self.window.sum())
        return torch.stft(
            scaled, self.size, self.hop, window=self.window, center=True, pad_mode="constant", return_complex=True
        )

    def audio(self, spectrum: Tensor) -> Tensor:
        """Return the audio whose transform is nearest, in least squares. [B, K, N] -> [B, (N - 1) * hop]"""
        return torch.istft(spectrum, self.size, self.hop, window=self.window, center=True) * (self.window.sum() / 2)


def _direction(spectrum: Tensor) -> Tensor:
    """Complex numbers brought to magnitude 1, those of 0 left there."""
    return spectrum / spectrum.abs().clamp(min=1e-12)


def _phases(magnitudes: Tensor, mask: Tensor, names: Sequence[str]) -> Tensor:
    """Random angles for the real frames of each row, from its name alone. [B, K, T + TAIL]"""
    phases = torch.zeros(magnitudes.shape)
    for row, length, name in zip(phases, mask.sum(1).tolist(), names, strict=True):
        generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        row[:, :length] = torch.rand(length, len(row), generator=generator).T * (2 * math.pi)
    return phases.to(magnitudes.device)
