"""Say aloud what is in the inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.text import WordErrorRate

from mmexp.contract import Batch, Outputs, Padded, Sample, Tokens, Waveform
from mmexp.fusion.base import Fusion
from mmexp.head.speech.frame_queries import FrameQueries
from mmexp.head.speech.recognizer import Recognizer, surprise
from mmexp.head.speech.vocoder import DECIBELS, Vocoder
from mmexp.layer.convolution import ConvolutionStack
from mmexp.metric.warping import warped
from mmexp.plot.spectrogram import spectrograms
from mmexp.task.base import Task
from mmexp.transform.audio import AudioTransform
from mmexp.transform.base import Transform
from mmexp.transform.transcript import TranscriptTransform, Unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXHIBITS = 6  # sounds shown

Fuse = Callable[[Tokens], Tokens]


class SpeechSynthesis(Task):
    """Fill frames that know only their place with sound: ``levels_t = head(conv(fusion.onto(frame_t, inputs)))``.

    All frames are told at once. How many there are is told by one more place, the clock, fused with the inputs as the
    frames are; while training, and for the loss, there are as many as the true sound has. A frame holds the level of
    each mel band; the sound is found from them by ``Vocoder``.

    Metrics: ``mel_distance``, in dB, between the levels told and true, stretched along one another, see ``warped``;
    ``length_error``, in s; and ``wer``, the words wrong of what a ``Recognizer`` understands of the generated audio.
    The listener is the task's own: it learns from the true sounds of the same steps, shares no weights, and its loss
    teaches nothing else. ``judge_wer`` is how much of true sound it gets wrong: no voice can be expected to do better.
    Without transcripts (``units=[]``) nobody listens, nobody asks for words, and ``mel_distance`` decides.

    Source: Ren et al. 2019, "FastSpeech", https://arxiv.org/abs/1905.09263 (all frames at once, length as a logarithm).
    Differs: no length for each word from a teacher; the fusion finds what a frame has to say. Judged by a recogniser:
    Wang et al. 2023, "VALL-E", https://arxiv.org/abs/2301.02111, section 5.1.

    Args:
        dim: Width D of the tokens.
        sample_rate: Of the sound, in Hz.
        units: Words or characters of the training transcripts, which the listener writes; empty for none.
        unit: What each of them is.
        num_mels: Bands F.
        hop: Step between frames, in ms.
        max_seconds: Longest sound that is made; longer ones are cut at the end to learn from them.
        depth: Blocks of convolutions over the fused frames.
        dropout: Probability of dropping a feature in them, and in the listener.
        words_weight: Weight of a second objective, that the frames know in order what they are to say; it teaches the
            inputs' encoders sooner than sound does. 0 leaves it out.
    """

    targets = ("audio",)
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
        judge = Recognizer(dim=dim, num_mels=num_mels, units=units, unit=unit, dropout=dropout) if units else None
        self.listener = judge
        self.words = nn.Linear(dim, len(units) + 1) if units and words_weight else None

    def transforms(self) -> Mapping[str, Transform]:
        sound = AudioTransform(sample_rate=self.vocoder.sample_rate, max_seconds=self.max_seconds)
        heard = {"transcript": TranscriptTransform(units=self.listener.units)} if self.listener else {}
        return {"audio": sound, **heard}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        fuse = fusion.bind(tokens)
        outputs: Outputs = {"seconds": self.time(fuse, len(batch))}  # [B], in logarithm
        if "audio" in batch.targets:
            real = self.vocoder.analyse(batch.targets["audio"])
            hidden = self.fill(fuse, real.mask)
            outputs |= {"real": real, "taught": self.tell(hidden)}
            outputs |= {"judge": self.listener(real)} if self.listener else {}
            outputs |= {"words": self.words(hidden.features).float().log_softmax(-1)} if self.words else {}
        return outputs if self.training else outputs | self.answer(fuse, outputs, batch.ids)

    def time(self, fuse: Fuse, rows: int) -> Tensor:
        """Logarithm of the length of each sound, in s. -> [B]"""
        clock = self.clock.expand(rows, 1, -1)  # [B, 1, D]
        mask = torch.ones(rows, 1, dtype=torch.bool, device=clock.device)
        return self.length(fuse(Tokens(clock, mask)).features).float()[:, 0, 0]  # type: ignore[no-any-return]

    def fill(self, fuse: Fuse, mask: Tensor) -> Tokens:
        """Frames that know what to say. bool [B, T] -> [B, T, D]"""
        return self.blocks(fuse(self.timeline(mask)))  # type: ignore[no-any-return]

    def tell(self, hidden: Tokens) -> Tokens:
        """Levels of the frames. [B, T, D] -> [B, T, F]"""
        return Tokens(self.head(hidden.features).float(), hidden.mask)

    def answer(self, fuse: Fuse, outputs: Outputs, names: Sequence[str]) -> Outputs:
        """Make the sounds, and let them be judged."""
        per_second = self.vocoder.sample_rate / self.vocoder.hop
        most = max(1, int(self.max_seconds * per_second))
        lengths = (outputs["seconds"].exp() * per_second).round().clamp(1, most).long()  # [B]
        mask = torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None]  # [B, T]
        told = self.tell(self.fill(fuse, mask))
        sound = Padded(self.vocoder.synthesise(told, names), mask.repeat_interleave(self.vocoder.hop, 1))
        made: Outputs = {"told": told, "sound": sound}
        if self.listener:
            made["judged"], made["score"] = self.listener.hear(self.vocoder.analyse(sound))
            if "real" in outputs:
                made["heard"], _ = self.listener.hear(outputs["real"])
        return made

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """L1 + L2 of the levels, in decades; the square of the logarithm of the length; words; and the listener's."""
        if "real" not in outputs:
            return {"length": outputs["seconds"].sum() * 0}
        real, taught = outputs["real"], outputs["taught"]
        apart = taught.features - real.features
        wrong = (apart.abs() + apart.square()).mean(-1) * real.mask  # [B, T]
        known, seconds = self.lasting(batch.targets["audio"])
        late = (outputs["seconds"] - seconds.clamp(min=1e-3).log()).square() * known  # [B]
        losses = {"levels": wrong.sum() / real.mask.sum().clamp(min=1), "length": late.sum() / known.sum().clamp(min=1)}
        for name, weight in {"judge": 1.0, "words": self.words_weight}.items():
            if name in outputs and "transcript" in batch.targets:
                losses[name] = weight * surprise(outputs[name], real.mask.sum(1), batch.targets["transcript"])
        return losses

    def lasting(self, sound: Padded) -> tuple[Tensor, Tensor]:
        """Which rows have a sound, and its length in s. -> bool [B], [B]"""
        return sound.present, sound.mask.sum(1) / self.vocoder.sample_rate

    def metrics(self) -> MetricCollection:
        own: dict[str, Metric | MetricCollection] = {"mel_distance": MeanMetric(), "length_error": MeanMetric()}
        judged: dict[str, Metric | MetricCollection] = {"wer": WordErrorRate(), "judge_wer": WordErrorRate()}
        return MetricCollection({**own, **(judged if self.listener else {})}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        if "real" not in outputs:
            return
        known, seconds = self.lasting(batch.targets["audio"])
        if known.any():
            metrics["mel_distance"].update(self.distances(outputs)[known])
            metrics["length_error"].update((self.lasting(outputs["sound"])[1] - seconds).abs()[known])
        if self.listener:
            said = self.said(batch)
            rows = [i for i, text in enumerate(said) if text is not None and known[i]]
            for name, answers in {"wer": outputs["judged"], "judge_wer": outputs["heard"]}.items():
                metrics[name].update([answers[i] for i in rows], [said[i] for i in rows])

    def distances(self, outputs: Outputs) -> Tensor:
        """How far the levels told are from the true ones, in dB; NaN where those are not known. -> [B]"""
        told, real = outputs["told"], outputs["real"]
        apart = torch.cdist(told.features, real.features, p=1) * (DECIBELS / real.features.shape[-1])  # [B, I, J]
        return warped(apart, told.mask.sum(1), real.mask.sum(1))

    def said(self, batch: Batch) -> list[str | None]:
        """The true transcript of each sample, None where it is not known."""
        if "transcript" not in batch.targets:
            return [None] * len(batch)
        return [next(iter(texts), None) for texts in batch.targets["transcript"].texts]

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        """Rows with the ``audio`` that was made; with a listener, what was ``judged`` to be said in it."""
        sound: Padded = outputs["sound"]
        lengths, samples = sound.mask.sum(1).tolist(), sound.values.cpu().numpy()
        rows: list[dict[str, Any]] = [
            {"id": name, "audio": Waveform(row[:length], self.vocoder.sample_rate)}
            for name, row, length in zip(batch.ids, samples, lengths, strict=True)
        ]
        if not self.listener:
            return rows
        heard = zip(rows, outputs["judged"], outputs["score"].tolist(), strict=True)
        rows = [row | {"judged": text, "score": score} for row, text, score in heard]
        if "transcript" not in batch.targets:
            return rows
        return [row | {"target": text} for row, text in zip(rows, self.said(batch), strict=True)]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Some true sounds as spectrograms, each beside the one that was made."""
        pairs = [(row, sample.targets["audio"]) for row, sample in zip(rows, samples, strict=True) if _heard(sample)]
        if not (shown := pairs[:EXHIBITS]):
            return {}
        sounds = [sound for row, true in shown for sound in (true, row["audio"])]
        titles = [t for row, _ in shown for t in (f"true: {row.get('target', '')}", f"made: {row.get('judged', '')}")]
        return {"sounds": spectrograms(sounds, [()] * len(sounds), titles, columns=2)}


def _heard(sample: Sample) -> bool:
    return "audio" in sample.targets
