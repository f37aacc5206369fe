"""Audio to waveforms of one rate, with variations of voice and room while training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import gcd
from typing import Any

import numpy as np
import torch
from scipy.signal import resample_poly

from mmexp.contract import Padded, Waveform
from mmexp.transform.base import Transform, pad


class AudioTransform(Transform):
    """Resample and cut; while training change speed and pitch, loudness and noise at random.

    Args:
        sample_rate: Rate out, in Hz.
        max_seconds: Longer audio is cut at the end.
        speed: Largest relative change of speed, and with it of pitch; 0.2 gives factors 0.8 to 1.25.
        gain: Largest change of loudness, in dB.
        noise: Loudest added white noise, relative to the audio's own level (RMS).

    Shape:
        Waveform -> float32 [L].

    Raises:
        ValueError: If sample_rate or max_seconds is not positive, or speed is not in [0, 1).
    """

    packages = ("scipy", "soundfile")

    def __init__(
        self,
        *,
        sample_rate: int = 8000,
        max_seconds: float = 10.0,
        speed: float = 0.0,
        gain: float = 0.0,
        noise: float = 0.0,
    ) -> None:
        if sample_rate <= 0:
            raise ValueError(f"AudioTransform: sample_rate must be positive, got {sample_rate}.")
        if max_seconds <= 0:
            raise ValueError(f"AudioTransform: max_seconds must be positive, got {max_seconds}.")
        if not 0 <= speed < 1:
            raise ValueError(f"AudioTransform: speed must be in [0, 1), got {speed}.")
        self.sample_rate, self.max_seconds = sample_rate, max_seconds
        self.speed, self.gain, self.noise = speed, gain, noise

    limit = "max_seconds"

    def length(self, raw: Waveform | Mapping[str, Any]) -> float:
        return float(raw["seconds"]) if isinstance(raw, Mapping) else len(raw.samples) / raw.rate

    def prepare(self, raw: Waveform) -> np.ndarray:
        samples = raw.samples
        if raw.rate != self.sample_rate:
            common = gcd(raw.rate, self.sample_rate)
            samples = resample_poly(samples, self.sample_rate // common, raw.rate // common)
        return np.asarray(samples[: int(self.max_seconds * self.sample_rate)], dtype=np.float32)

    @property
    def is_random(self) -> bool:
        return any((self.speed, self.gain, self.noise))

    def augment(self, prepared: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        samples = prepared
        if self.speed:
            factor = float(np.exp(generator.uniform(-1, 1) * np.log1p(-self.speed)))
            places = np.arange(0, len(samples), factor)
            samples = np.interp(places, np.arange(len(samples)), samples)
        if self.gain:
            samples = samples * 10 ** (generator.uniform(-self.gain, self.gain) / 20)
        if self.noise:
            level = generator.uniform(0, self.noise) * np.sqrt(np.mean(np.square(samples)))
            samples = samples + level * generator.standard_normal(len(samples))
        return samples.astype(np.float32)

    def collate(self, items: Sequence[np.ndarray | None]) -> Padded:
        return pad([torch.zeros(0) if item is None else torch.from_numpy(item) for item in items])
