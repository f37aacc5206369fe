"""What tasks share that transcribe speech."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from torchmetrics import MetricCollection
from torchmetrics.text import CharErrorRate, WordErrorRate

from mmexp.contract import Batch, Outputs, Sample
from mmexp.plot.spectrogram import spectrograms
from mmexp.task.base import Task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 6  # audio shown


class SpeechTask(Task, ABC):
    """Measures transcripts: ``outputs["text"]``, one per sample, with its ``score``.

    ``wer`` and ``cer``: edits per word and per character of the true transcripts, both ``spoken``: lower case, no
    punctuation.

    Source: Levenshtein 1966, "Binary codes capable of correcting deletions, insertions, and reversals".
    """

    targets = ("transcript",)
    monitor = "wer"
    mode: Literal["min", "max"] = "min"

    def metrics(self) -> MetricCollection:
        return MetricCollection({"wer": WordErrorRate(), "cer": CharErrorRate()}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        spoken = self.spoken(batch)
        known = [i for i, text in enumerate(spoken) if text is not None]
        for name, metric in metrics.items(keep_base=True):
            predicted = outputs["greedy" if name.startswith("greedy_") else "text"]
            metric.update([predicted[i] for i in known], [spoken[i] for i in known])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        columns = zip(batch.ids, outputs["text"], outputs["score"].tolist(), strict=True)
        rows = [{"id": i, "transcript": text, "score": score} for i, text, score in columns]
        if "transcript" not in batch.targets:
            return rows
        return [row | {"target": text} for row, text in zip(rows, self.spoken(batch), strict=True)]

    def spoken(self, batch: Batch) -> list[str | None]:
        """The true transcript of each sample, None where it is not known."""
        if "transcript" not in batch.targets:
            return [None] * len(batch)
        return [next(iter(texts), None) for texts in batch.targets["transcript"].texts]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw some audio as spectrograms, with what was recognised where that is known, and the transcript."""
        shown = [(row, samples[i].inputs["audio"]) for i, row in enumerate(rows) if "audio" in samples[i].inputs]
        if not shown:
            return {}
        chosen = shown[:SHOWN]
        aligned = [[(one["unit"], one["at"]) for one in row.get("alignment", ())] for row, _ in chosen]
        titles = [f"{row['transcript']}\n({row.get('target') or '?'})" for row, _ in chosen]
        return {"transcripts": spectrograms([sound for _, sound in chosen], aligned, titles)}
