"""Any audio model of transformers, pretrained."""

from __future__ import annotations

import torch
from torch import Tensor

from mmexp.contract import Padded, Tokens
from mmexp.encoder.hf import HfEncoder
from mmexp.error import ConfigError
from mmexp.layer.hf import read_processor
from mmexp.transform.hf_audio import HfAudioTransform, Sounds


class HfAudioEncoder(HfEncoder):
    """Encode audio with a model of transformers (wav2vec 2.0, HuBERT, the encoder of Whisper, AST ...).

    A waveform goes through the model without padding, together with those of its own length, so that what it becomes
    does not depend on its batch. Of a spectrogram whose frames are tokens (Whisper) those of its padding are masked.

    Source: Wolf et al. 2020, "Transformers: State-of-the-Art Natural Language Processing",
    https://aclanthology.org/2020.emnlp-demos.6. Differs: no pooling; a linear map to dim and LayerNorm follow.

    Args:
        dim: Width D of the tokens.
        model: Package, folder, or repository of the hub; see ``mmexp.weights.locate``.
        revision: Branch, tag or commit of a repository.
        pretrained: Start from its weights; at random if not, which needs its config all the same.
        layer: Whose features are taken, as in ``mmexp.layer.hf.Backbone``.
        max_seconds: Longer audio is cut at the end.
        dropout: Probability of dropping a feature of the model.

    Shape:
        waveforms or spectrograms -> Tokens [B, N, D].

    Raises:
        ConfigError: If the model is not there, is no audio model, does not say its sampling rate, has no such layer, or
            does not fill its weights.
    """

    side = "audio"
    transform: HfAudioTransform

    def __init__(
        self,
        *,
        dim: int,
        model: str,
        revision: str | None = None,
        pretrained: bool = False,
        layer: int | None = None,
        max_seconds: float = 10.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dim=dim, model=model, revision=revision, pretrained=pretrained, layer=layer, dropout=dropout)
        rate = read_processor(self.files).get("sampling_rate")
        if rate is None:
            rule = f"audio: model in {self.files} must say its sampling_rate in preprocessor_config.json"
            raise ConfigError(f"{rule}, got none.")
        self.transform = HfAudioTransform(folder=str(self.files), sample_rate=rate, max_seconds=max_seconds)

    def extract(self, inputs: Padded) -> Tokens:
        return self._waveforms(inputs) if inputs.mask.ndim == 2 else self._spectrograms(inputs)

    def _waveforms(self, inputs: Padded) -> Tokens:
        lengths = inputs.lengths if isinstance(inputs, Sounds) else inputs.mask.sum(1).tolist()
        parts: dict[int, Tensor] = {}
        for length in sorted(set(lengths)):
            rows = [row for row, own in enumerate(lengths) if own == length]
            if self.backbone.frames(length) > 0:
                found = self.backbone(inputs.values[rows, :length])  # [R, N_r, C]
                parts |= dict(zip(rows, found, strict=True))
        longest = max((len(one) for one in parts.values()), default=1)
        first = next(iter(parts.values()), inputs.values.new_zeros(0, self.backbone.width))
        features = first.new_zeros(len(lengths), longest, self.backbone.width)
        mask = torch.zeros(len(lengths), longest, dtype=torch.bool, device=features.device)
        for row, one in parts.items():
            features[row, : len(one)], mask[row, : len(one)] = one, True
        return Tokens(features, mask)

    def _spectrograms(self, inputs: Padded) -> Tokens:
        features = self.backbone(inputs.values)  # [B, N, C]
        count = features.shape[1]
        real = torch.full((len(features),), count, device=features.device)
        if self.backbone.keeps_time and isinstance(inputs, Sounds):
            real = (inputs.shares * count).ceil().clamp(min=1).long()
        mask = torch.arange(count, device=features.device) < real[:, None]
        return Tokens(features, mask & inputs.mask[:, None])
