"""Transcribe speech token by token."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from mmexp.contract import Tokens
from mmexp.task.base_generation import TextGeneration
from mmexp.task.base_speech import SpeechTask
from mmexp.transform.answer import WrittenAnswerTransform
from mmexp.transform.transcript import spoken


class Transcription(SpeechTask, TextGeneration):
    """Transcribe token by token, each token fused with the audio and the other inputs, see ``TextGeneration``.

    Audio and video get sinusoidal positions, since a transcript follows their order. Unlike
    ``SpeechRecognition`` it also reads lips without any audio. Metrics: ``wer`` and ``cer``, see ``SpeechTask``.

    Source: Chan et al. 2016, "Listen, Attend and Spell", https://arxiv.org/abs/1508.01211, eqs. 1 and 6, with words for
    characters; sinusoids: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.5; with lips: Afouras et al.
    2018, "Deep Audio-Visual Speech Recognition", https://arxiv.org/abs/1809.02108, TM-seq2seq.
    """

    def transforms(self) -> Mapping[str, WrittenAnswerTransform]:
        return {"transcript": WrittenAnswerTransform(text=self.decoder.transform, normalise=spoken)}

    def placed(self, tokens: Mapping[str, Tokens]) -> Mapping[str, Tokens]:
        return {name: timed(own) if name in ("audio", "video") else own for name, own in tokens.items()}


def timed(tokens: Tokens) -> Tokens:
    """Add sinusoidal positions to tokens. [B, N, D]"""
    positions, dim = tokens.features.shape[1:]
    device = tokens.features.device
    rate = 10000 ** (-torch.arange(0, dim, 2, device=device) / dim)
    angle = torch.arange(positions, device=device).unsqueeze(1) * rate  # [N, D / 2]
    waves = torch.stack([angle.sin(), angle.cos()], 2).flatten(1)[:, :dim]  # [N, D]
    return Tokens(tokens.features + waves.to(tokens.features.dtype), tokens.mask)
