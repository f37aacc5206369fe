"""Audio to what a pretrained model reads: a waveform or a spectrogram, as its feature extractor makes it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmexp.contract import Padded, Waveform
from mmexp.transform.audio import AudioTransform
from mmexp.transform.base import Transform, pad


@dataclass(frozen=True)
class Prepared:
    """Audio as the feature extractor gives it.

    Args:
        values: Waveform [L], or spectrogram [F, T] or [T, F].
        share: Part of it that is audio, the rest being padding of the extractor.
    """

    values: Tensor
    share: float

    @property
    def nbytes(self) -> int:
        return self.values.nbytes


@dataclass(frozen=True)
class Sounds(Padded):
    """Audio of a batch.

    Args:
        values: Waveforms [B, L], or spectrograms [B, ...].
        mask: Samples that are real [B, L], or rows that are [B].
        shares: Part of each spectrogram that is audio. [B]
        lengths: Samples of each waveform, B of them, which the device need not be asked for; none of spectrograms.
    """

    shares: Tensor
    lengths: tuple[int, ...] = ()


class HfAudioTransform(Transform):
    """Resample to the rate a model was trained on, cut, and run its feature extractor.

    Args:
        folder: Of the model, with ``preprocessor_config.json``.
        sample_rate: Of the model, in Hz.
        max_seconds: Longer audio is cut at the end.

    Shape:
        Waveform -> Prepared.
    """

    limit = "max_seconds"
    packages = ("transformers", *AudioTransform.packages)

    def __init__(self, *, folder: str, sample_rate: int, max_seconds: float) -> None:
        self.folder, self.max_seconds = folder, max_seconds
        self.resample = AudioTransform(sample_rate=sample_rate, max_seconds=max_seconds)

    @cached_property
    def extractor(self) -> Any:
        """The feature extractor, read once per process."""
        from transformers import AutoFeatureExtractor

        settings = {"local_files_only": True, "trust_remote_code": False}
        return AutoFeatureExtractor.from_pretrained(self.folder, **settings)  # type: ignore[no-untyped-call]

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "max_seconds": self.max_seconds, "resample": self.resample}

    def length(self, raw: Waveform | Any) -> float:
        return self.resample.length(raw)

    def describe(self) -> dict[str, Any]:
        """Return the limit, and a hash of how audio is prepared."""
        content = Path(self.folder, "preprocessor_config.json").read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        return {"class": type(self).__qualname__, "max_seconds": self.max_seconds, "extractor": digest}

    def prepare(self, raw: Waveform) -> Prepared:
        samples = self.resample.prepare(raw)
        found = self.extractor(samples, sampling_rate=self.resample.sample_rate, return_tensors="np")
        values = np.asarray(found[self.extractor.model_input_names[0]][0], np.float32)
        whole = getattr(self.extractor, "n_samples", len(samples)) if values.ndim > 1 else len(samples)
        return Prepared(torch.from_numpy(values), min(1.0, len(samples) / max(1, whole)))

    def collate(self, items: Sequence[Prepared | None]) -> Sounds:
        shares = torch.tensor([0.0 if item is None else item.share for item in items])
        shape = next((item.values.shape for item in items if item is not None), torch.Size([0]))
        if len(shape) == 1:
            waves = [torch.zeros(0) if item is None else item.values for item in items]
            padded = pad(waves)
            return Sounds(padded.values, padded.mask, shares, tuple(map(len, waves)))
        values = torch.stack([torch.zeros(shape) if item is None else item.values for item in items])
        return Sounds(values, torch.tensor([item is not None for item in items]), shares)
