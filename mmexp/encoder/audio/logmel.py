"""The log-mel spectrogram of a padded batch, computed on its device."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens

LOUDNESS = 0.1  # root mean square of every clip
FLOOR = 1e-5  # power under which everything is silence


class LogMel(nn.Module):
    """Compute the log-mel spectrogram of a clip of normalised loudness.

    Source: Stevens, Volkmann and Newman 1937 (mel scale, HTK's formula); masking: Park et al. 2019, "SpecAugment";
    warping: Jaitly and Hinton 2013, "Vocal Tract Length Perturbation".

    Args:
        sample_rate: In Hz.
        num_mels: Bands F, spread over 0 Hz to half the rate.
        hop: Step between frames, in ms; a frame is 2.5 hops long.
        level: What is brought to zero mean and unit deviation: the whole ``clip``, or each ``band`` of it, which takes
            away a voice's or a microphone's colour, but also a steady tone.
        warp: Largest relative stretch of the frequency axis while training, as if by a longer or shorter vocal tract.
        mask_bands: Widest block of bands set to the mean while training.
        mask_frames: Longest block of frames set to the mean while training, as a fraction of the clip.

    Shape:
        float [B, L] -> Tokens [B, T, F], T = ceil(L / hop): frame t is centred on sample t * hop.
    """

    filters: Tensor
    window: Tensor

    def __init__(
        self,
        *,
        sample_rate: int,
        num_mels: int,
        hop: float,
        level: Literal["clip", "band"] = "clip",
        warp: float = 0.0,
        mask_bands: int = 0,
        mask_frames: float = 0.0,
    ) -> None:
        super().__init__()
        if level not in ("clip", "band"):
            raise ValueError(f"LogMel: level must be clip or band, got {level!r}.")
        self.level = level
        self.hop = round(sample_rate * hop / 1000)
        self.length = round(2.5 * self.hop)
        self.size = 1 << (self.length - 1).bit_length()
        self.warp, self.mask_bands, self.mask_frames = warp, mask_bands, mask_frames
        self.register_buffer("window", torch.hann_window(self.length), persistent=False)
        self.register_buffer("filters", mel_filters(sample_rate, self.size, num_mels), persistent=False)

    def forward(self, inputs: Padded) -> Tokens:
        mask = inputs.mask[:, :: self.hop]
        with torch.autocast(inputs.values.device.type, enabled=False):
            mel = normalise(self.measure(equally_loud(inputs))[:, : mask.shape[1]], mask, self.level)
        return Tokens(self.hide(mel, mask) if self.training else mel, mask)

    def measure(self, samples: Tensor) -> Tensor:
        """Log of the energy in each band. [B, L] -> [B, 1 + L / hop, F]"""
        spectrum = torch.stft(
            samples,
            self.size,
            self.hop,
            self.length,
            self.window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        power = spectrum.abs().square().transpose(1, 2)  # [B, T, size / 2 + 1]
        if self.training and self.warp:
            power = stretch(power, self.warp)
        return torch.log(power @ self.filters + FLOOR)

    def hide(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Set one random block of bands and one of frames to the mean, which is zero. [B, T, F]"""
        rows, frames, bands = mel.shape
        if self.mask_bands:
            mel = mel.masked_fill(_block(rows, bands, self.mask_bands, bands, mel.device)[:, None], 0)
        if self.mask_frames:
            lengths = mask.sum(1)
            mel = mel.masked_fill(_block(rows, frames, self.mask_frames * lengths, lengths, mel.device)[:, :, None], 0)
        return mel


def equally_loud(inputs: Padded) -> Tensor:
    """Bring each clip to the same energy, so that silence is relative. [B, L]"""
    samples = inputs.values.float() * inputs.mask
    count = inputs.mask.sum(1, keepdim=True).clamp(min=1)
    level = (samples.square().sum(1, keepdim=True) / count).sqrt()  # [B, 1]
    return samples * (LOUDNESS / level.clamp(min=1e-5))


def stretch(power: Tensor, largest: float) -> Tensor:
    """Read each row's spectrum at places stretched by a random factor of at most 1 + largest. [B, T, bins]"""
    rows, frames, bins = power.shape
    factor = torch.exp((2 * torch.rand(rows, 1, device=power.device) - 1) * math.log1p(largest))
    place = (torch.arange(bins, device=power.device) * factor).clamp(max=bins - 1)  # [B, bins]
    low = place.long().clamp(max=bins - 2)
    share = (place - low).unsqueeze(1)
    index = low.unsqueeze(1).expand(rows, frames, bins)
    return power.gather(2, index) * (1 - share) + power.gather(2, index + 1) * share


def normalise(mel: Tensor, mask: Tensor, level: str) -> Tensor:
    """Normalise the real frames of each clip, or of each of its bands, to zero mean and unit deviation. [B, T, F]"""
    axes = (1,) if level == "band" else (1, 2)
    weight = mask.unsqueeze(-1).to(mel.dtype).expand_as(mel)
    count = weight.sum(axes, keepdim=True).clamp(min=1)
    mean = (mel * weight).sum(axes, keepdim=True) / count
    deviation = (((mel - mean) * weight).square().sum(axes, keepdim=True) / count).sqrt()
    return (mel - mean) / (deviation + 0.1) * weight


def mel_filters(sample_rate: int, size: int, num_mels: int) -> Tensor:
    """Return triangular filters over the Fourier bins, equally spaced in mel. [size / 2 + 1, num_mels]"""
    top = 2595 * torch.log10(torch.tensor(1 + sample_rate / 2 / 700))
    edges = 700 * (10 ** (torch.linspace(0, 1, num_mels + 2) * top / 2595) - 1)  # Hz
    bins = torch.linspace(0, sample_rate / 2, size // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0)


def _block(rows: int, places: int, widest: Tensor | float, end: Tensor | int, device: torch.device) -> Tensor:
    """A random run of at most ``widest`` places before ``end`` in each row. -> bool [rows, places]"""
    width = torch.rand(rows, device=device) * widest
    start = torch.rand(rows, device=device) * (end - width)
    place = torch.arange(places, device=device)
    return (place >= start[:, None]) & (place < (start + width)[:, None])
