"""Recognise speech frame by frame."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MetricCollection
from torchmetrics.text import WordErrorRate

from mmexp.contract import Batch, Outputs, Padded, Tokens
from mmexp.decoding.ctc import BLANK, needed, peaks, prefix_beam
from mmexp.error import ConfigError, DataError
from mmexp.fusion.base import Fusion
from mmexp.task.base_speech import SpeechTask
from mmexp.transform.transcript import TranscriptTransform, Unit, Units

ENOUGH = 16  # samples after which it is clear that none can be learned from


class SpeechRecognition(SpeechTask):
    """Label each frame of the audio: ``logits_i = head(fusion.onto(frame_i, others))``; the others may be moving lips.

    A frame is a token of the audio encoder. Its label is a word or a character, or a blank; see ``decoding.ctc``. A
    sample with fewer positions than its transcript needs is left out of the loss. Metrics: ``wer`` and ``cer`` of
    prefix beam search, see ``SpeechTask``; ``greedy_wer`` of the likeliest path.

    Source: Graves et al. 2006, "Connectionist Temporal Classification", https://doi.org/10.1145/1143844.1143891; more
    labels than frames: Libovicky and Helcl 2018, https://arxiv.org/abs/1811.04719, section 3 (state splitting).

    Args:
        dim: Width D of the tokens.
        units: Words or characters of the training transcripts, V of them.
        unit: What each of them is.
        split: Positions that each frame is split into; each can hold one label.
        dropout: Probability of dropping a feature before the head.
        beams: Beam size: prefixes of the transcript kept while decoding.

    Raises:
        ValueError: If unit is unknown, or split or beams < 1.
    """

    anchor = "audio"

    def __init__(
        self,
        *,
        dim: int,
        units: Sequence[str],
        unit: Unit,
        split: int = 4,
        dropout: float = 0.1,
        beams: int = 8,
    ) -> None:
        super().__init__()
        if unit not in ("char", "word"):
            raise ValueError(f"SpeechRecognition: unit must be char or word, got {unit!r}.")
        for name, number in {"split": split, "beams": beams}.items():
            if number < 1:
                raise ValueError(f"SpeechRecognition: {name} must be at least 1, got {number}.")
        self.units, self.split, self.beams = Units(units=units, unit=unit), split, beams
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Dropout(dropout), nn.Linear(dim, split * (len(units) + 1)))
        self.audible, self.fitting, self.warned = 0, 0, False

    def slots(self, inputs: Sequence[str]) -> tuple[str, ...]:
        """Return the names the fusion is built for, the audio first.

        Raises:
            ConfigError: If there is no audio among the inputs.
        """
        if "audio" not in inputs:
            hint = "Set task=transcription to read lips alone."
            raise ConfigError(f"SpeechRecognition: inputs must include audio, got {', '.join(inputs)}.", hint)
        return super().slots(inputs)

    def transforms(self) -> Mapping[str, TranscriptTransform]:
        return {"transcript": TranscriptTransform(units=self.units)}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        outputs = self.network(tokens, fusion, batch)
        return outputs if self.training else self.postprocess(outputs, batch)

    def network(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        others = {name: own for name, own in tokens.items() if name != "audio"}
        fused = fusion.onto(tokens["audio"], others)  # [B, N, D]
        logits = self.head(fused.features).float()  # [B, N, split * (V + 1)]
        likely = logits.unflatten(2, (self.split, -1)).flatten(1, 2).log_softmax(-1)  # [B, N * split, V + 1]
        return {"likely": likely, "positions": fused.mask.sum(1) * self.split}

    def postprocess(self, outputs: Outputs, batch: Batch) -> Outputs:
        return outputs | self.decode(outputs["likely"], outputs["positions"])

    def decode(self, likely: Tensor, positions: Tensor) -> Outputs:
        """Search each row for the likeliest transcript, and find where the labels of the likeliest path peak."""
        rows = [row[:length] for row, length in zip(likely.detach().cpu(), positions.tolist(), strict=True)]
        found, paths = [prefix_beam(row, beams=self.beams) for row in rows], [peaks(row) for row in rows]
        scores = [score / max(1, len(labels)) for labels, score in found]
        aligned = [
            [{"unit": self.units.decode([label]), "at": (position + 0.5) / len(row)} for label, position in path]
            for path, row in zip(paths, rows, strict=True)
        ]
        return {
            "text": [self.units.decode(labels) for labels, _ in found],
            "score": torch.tensor(scores),
            "greedy": [self.units.decode(label for label, _ in path) for path in paths],
            "alignment": aligned,
        }

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Compute the negative log-probability per label, over the samples with enough positions.

        Raises:
            DataError: If no training sample ever has enough.
        """
        likely, positions = outputs["likely"], outputs["positions"]
        if "transcript" not in batch.targets:
            return {"transcript": likely.sum() * 0}
        ids = batch.targets["transcript"].ids
        ids = Padded(ids.values[:, 0], ids.mask[:, 0])  # [B, T]
        audible = (positions > 0) & ids.mask[:, 0]
        fits = audible & (needed(ids) <= positions)
        if self.training:
            self.refuse_short(positions, ids, audible, fits, batch.ids)
        rows = fits.nonzero().squeeze(1)
        if not len(rows):
            return {"transcript": likely.sum() * 0}
        length = ids.mask[rows].sum(1)
        nll = F.ctc_loss(likely[rows].transpose(0, 1), ids.values[rows], positions[rows], length, BLANK, "sum")
        return {"transcript": nll / length.sum()}

    def refuse_short(
        self, positions: Tensor, ids: Padded, audible: Tensor, fits: Tensor, names: tuple[str, ...]
    ) -> None:
        """Say once that a sample cannot be learned from; refuse to train if all are like that.

        Raises:
            DataError: If none of the first samples fits.
        """
        self.audible, self.fitting = self.audible + int(audible.sum()), self.fitting + int(fits.sum())
        short = (audible & ~fits).nonzero()
        hopeless = not self.fitting and self.audible >= ENOUGH
        if not len(short) or (self.warned and not hopeless):
            return
        first = int(short[0])
        need, have = int(needed(ids)[first]), int(positions[first])
        rule = f"transcript must need at most the {have} positions of its audio, got {need} labels."
        enough = self.split * -(-need // have)
        hint = f"Set task.split={enough}, or encoder.audio.hop and widths for more frames."
        if hopeless:
            raise DataError(rule, sample=names[first], hint=hint)
        self.warned = True
        logging.getLogger(__name__).warning("%s: %s It is not learned from. %s", names[first], rule, hint)

    def metrics(self) -> MetricCollection:
        metrics = super().metrics()
        metrics.add_metrics({"greedy_wer": WordErrorRate()})
        return metrics

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        """Return rows with the labels of the likeliest path, each ``at`` a fraction of the audio."""
        rows = super().predictions(outputs, batch)
        return [row | {"alignment": aligned} for row, aligned in zip(rows, outputs["alignment"], strict=True)]
