"""Synthesise speech from the inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection
from torchmetrics.text import WordErrorRate

from mmexp.contract import Batch, Outputs, Padded, Sample, Tokens, Waveform
from mmexp.fusion.base import Fusion
from mmexp.head.speech.frame_queries import FrameQueries
from mmexp.head.speech.recognizer import Recognizer, nll
from mmexp.head.speech.vocoder import DECIBELS, Vocoder
from mmexp.layer.convolution import ConvolutionStack
from mmexp.metric.mean import MeanError
from mmexp.metric.warping import warped
from mmexp.plot.spectrogram import spectrograms
from mmexp.task.base import Task
from mmexp.transform.audio import AudioTransform
from mmexp.transform.base import Transform
from mmexp.transform.transcript import TranscriptTransform, Unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 6  # audio shown

Fuse = Callable[[Tokens], Tokens]


class SpeechSynthesis(Task):
    """Predict mel levels from frame queries, all at once: ``levels_t = head(conv(fusion.onto(frame_t, inputs)))``.

    Their number is predicted from one more query, fused with the inputs as the frames are; in training, and for the
    loss, there are as many as the true audio has. A frame holds the level of each mel band; ``Vocoder`` makes the
    waveform of them.

    Metrics: ``mel_distance``, in dB, between the levels predicted and true, stretched along one another, see
    ``warped``; ``length_error``, in s; and ``wer``, the word error rate of a ``Recognizer`` on the generated audio. The
    recognizer is the task's own: it learns from the true audio of the same steps, shares no weights, and its loss
    trains nothing else. ``recognizer_wer`` is its error on true audio: no synthesis can be expected to do better.
    Without transcripts (``units=[]``) there is no recognizer, words are not measured, and ``mel_distance`` decides.

    Source: Ren et al. 2019, "FastSpeech", https://arxiv.org/abs/1905.09263 (all frames at once, length as a logarithm).
    Differs: no length for each word from a teacher; the fusion aligns frames with text. Evaluation by a recogniser:
    Wang et al. 2023, "VALL-E", https://arxiv.org/abs/2301.02111, section 5.1.

    Args:
        dim: Width D of the tokens.
        sample_rate: Of the audio, in Hz.
        units: Words or characters of the training transcripts, which the recognizer predicts; empty for none.
        unit: What each of them is.
        num_mels: Bands F.
        hop: Step between frames, in ms.
        max_seconds: Longest audio that is generated; longer training audio is cut at the end.
        depth: Blocks of convolutions over the fused frames.
        dropout: Probability of dropping a feature in them, and in the recognizer.
        words_weight: Weight of a second objective, CTC of the transcript from the frames; it trains the inputs'
            encoders sooner than audio does. 0 leaves it out.
    """

    targets = ("audio",)
    export_refused = "audio begins with phases that are drawn by the id of its sample, and is as long as is predicted"
    anchor = "frames"
    mode = "min"

    def __init__(
        self,
        *,
        dim: int,
        sample_rate: int,
        units: Sequence[str],
        unit: Unit,
        num_mels: int = 64,
        hop: float = 12.5,
        max_seconds: float = 10.0,
        depth: int = 3,
        dropout: float = 0.1,
        words_weight: float = 0.1,
    ) -> None:
        super().__init__()
        self.monitor = "wer" if units else "mel_distance"
        self.max_seconds, self.words_weight = max_seconds, words_weight
        self.vocoder = Vocoder(sample_rate=sample_rate, num_mels=num_mels, hop=hop)
        self.timeline = FrameQueries(dim=dim)
        self.clock = nn.Parameter(torch.randn(dim))
        self.length = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, 1))
        self.blocks = ConvolutionStack(dim=dim, depth=depth, dropout=dropout)
        self.head = nn.Linear(dim, num_mels)
        recognizer = Recognizer(dim=dim, num_mels=num_mels, units=units, unit=unit, dropout=dropout) if units else None
        self.recognizer = recognizer
        self.words = nn.Linear(dim, len(units) + 1) if units and words_weight else None

    def transforms(self) -> Mapping[str, Transform]:
        audio = AudioTransform(sample_rate=self.vocoder.sample_rate, max_seconds=self.max_seconds)
        transcripts = {"transcript": TranscriptTransform(units=self.recognizer.units)} if self.recognizer else {}
        return {"audio": audio, **transcripts}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        fuse = fusion.bind(tokens)
        outputs: Outputs = {"seconds": self.time(fuse, len(batch))}  # [B], in logarithm
        if "audio" in batch.targets:
            real = self.vocoder.analyse(batch.targets["audio"])
            hidden = self.fill(fuse, real.mask)
            outputs |= {"real": real, "levels_predicted": self.predict_levels(hidden)}
            outputs |= {"recognizer": self.recognizer(real)} if self.recognizer else {}
            outputs |= {"words": self.words(hidden.features).float().log_softmax(-1)} if self.words else {}
        return outputs if self.training else outputs | self.synthesise(fuse, outputs, batch.ids)

    def time(self, fuse: Fuse, rows: int) -> Tensor:
        """Return the logarithm of the predicted length of each audio, in s. -> [B]"""
        clock = self.clock.expand(rows, 1, -1)  # [B, 1, D]
        mask = torch.ones(rows, 1, dtype=torch.bool, device=clock.device)
        return self.length(fuse(Tokens(clock, mask)).features).float()[:, 0, 0]  # type: ignore[no-any-return]

    def fill(self, fuse: Fuse, mask: Tensor) -> Tokens:
        """Return the fused frames. bool [B, T] -> [B, T, D]"""
        return self.blocks(fuse(self.timeline(mask)))  # type: ignore[no-any-return]

    def predict_levels(self, hidden: Tokens) -> Tokens:
        """Predict the mel levels of frames. [B, T, D] -> [B, T, F]"""
        return Tokens(self.head(hidden.features).float(), hidden.mask)

    def synthesise(self, fuse: Fuse, outputs: Outputs, names: Sequence[str]) -> Outputs:
        """Generate the audio, and let the recognizer transcribe it."""
        per_second = self.vocoder.sample_rate / self.vocoder.hop
        most = max(1, int(self.max_seconds * per_second))
        lengths = (outputs["seconds"].exp() * per_second).round().clamp(1, most).long()  # [B]
        mask = torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None]  # [B, T]
        predicted = self.predict_levels(self.fill(fuse, mask))
        audio = Padded(self.vocoder.synthesise(predicted, names), mask.repeat_interleave(self.vocoder.hop, 1))
        made: Outputs = {"predicted": predicted, "generated": audio}
        if self.recognizer:
            made["recognized"], made["score"] = self.recognizer.transcribe(self.vocoder.analyse(audio))
            if "real" in outputs:
                made["recognized_true"], _ = self.recognizer.transcribe(outputs["real"])
        return made

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Compute L1 + L2 of the levels, in decades, the squared log length error, words, and the recognizer's loss."""
        if "real" not in outputs:
            return {"length": outputs["seconds"].sum() * 0}
        real, taught = outputs["real"], outputs["levels_predicted"]
        distance = taught.features - real.features
        wrong = (distance.abs() + distance.square()).mean(-1) * real.mask  # [B, T]
        known, seconds = self.lasting(batch.targets["audio"])
        late = (outputs["seconds"] - seconds.clamp(min=1e-3).log()).square() * known  # [B]
        losses = {"levels": wrong.sum() / real.mask.sum().clamp(min=1), "length": late.sum() / known.sum().clamp(min=1)}
        for name, weight in {"recognizer": 1.0, "words": self.words_weight}.items():
            if name in outputs and "transcript" in batch.targets:
                losses[name] = weight * nll(outputs[name], real.mask.sum(1), batch.targets["transcript"])
        return losses

    def lasting(self, audio: Padded) -> tuple[Tensor, Tensor]:
        """Return which rows have audio, and its length in s. -> bool [B], [B]"""
        return audio.present, audio.mask.sum(1) / self.vocoder.sample_rate

    def metrics(self) -> MetricCollection:
        own: dict[str, Metric | MetricCollection] = {"mel_distance": MeanError(), "length_error": MeanError()}
        scores: dict[str, Metric | MetricCollection] = {"wer": WordErrorRate(), "recognizer_wer": WordErrorRate()}
        return MetricCollection({**own, **(scores if self.recognizer else {})}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        if "real" not in outputs:
            return
        known, seconds = self.lasting(batch.targets["audio"])
        if known.any():
            metrics["mel_distance"].update(self.distances(outputs)[known])
            metrics["length_error"].update((self.lasting(outputs["generated"])[1] - seconds).abs()[known])
        if self.recognizer:
            spoken = self.spoken(batch)
            rows = [i for i, text in enumerate(spoken) if text is not None and known[i]]
            for name, texts in {"wer": outputs["recognized"], "recognizer_wer": outputs["recognized_true"]}.items():
                metrics[name].update([texts[i] for i in rows], [spoken[i] for i in rows])

    def distances(self, outputs: Outputs) -> Tensor:
        """Compute the distance of predicted from true levels, in dB; NaN where those are not known. -> [B]"""
        predicted, real = outputs["predicted"], outputs["real"]
        distance = torch.cdist(predicted.features, real.features, p=1) * (
            DECIBELS / real.features.shape[-1]
        )  # [B, I, J]
        return warped(distance, predicted.mask.sum(1), real.mask.sum(1))

    def spoken(self, batch: Batch) -> list[str | None]:
        """Return the true transcript of each sample, None where it is not known."""
        if "transcript" not in batch.targets:
            return [None] * len(batch)
        return [next(iter(texts), None) for texts in batch.targets["transcript"].texts]

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        """Return rows with the generated ``audio``; with a recognizer, the transcript it ``recognized``."""
        audio: Padded = outputs["generated"]
        lengths, samples = audio.mask.sum(1).tolist(), audio.values.cpu().numpy()
        rows: list[dict[str, Any]] = [
            {"id": name, "audio": Waveform(row[:length], self.vocoder.sample_rate)}
            for name, row, length in zip(batch.ids, samples, lengths, strict=True)
        ]
        if not self.recognizer:
            return rows
        transcripts = zip(rows, outputs["recognized"], outputs["score"].tolist(), strict=True)
        rows = [row | {"recognized": text, "score": score} for row, text, score in transcripts]
        if "transcript" not in batch.targets:
            return rows
        return [row | {"target": text} for row, text in zip(rows, self.spoken(batch), strict=True)]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw some true audio as spectrograms, each next to the generated one."""
        pairs = [
            (row, sample.targets["audio"]) for row, sample in zip(rows, samples, strict=True) if _has_audio(sample)
        ]
        if not (shown := pairs[:SHOWN]):
            return {}
        audio = [audio for row, true in shown for audio in (true, row["audio"])]
        titles = [
            t for row, _ in shown for t in (f"true: {row.get('target', '')}", f"made: {row.get('recognized', '')}")
        ]
        return {"audio": spectrograms(audio, [()] * len(audio), titles, columns=2)}


def _has_audio(sample: Sample) -> bool:
    return "audio" in sample.targets
