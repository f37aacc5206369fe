"""Say what is in the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Padded, Sample, Tokens
from mmexp.encoder.text.base import TextEncoder
from mmexp.fusion.base import Fusion
from mmexp.metric.caption import Bleu, RougeL
from mmexp.metric.cider import CiderD
from mmexp.plot.gallery import gallery
from mmexp.task.base import Outputs
from mmexp.task.writing import Writing
from mmexp.transform.captions import Captions, CaptionsTransform
from mmexp.transform.text import Tokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXHIBITS = 12  # pictures shown


class Captioning(Writing):
    """Write a caption word by word: ``logits_i = head(fusion.onto(prefix_i, inputs))``, see ``Writing``.

    Metrics: BLEU-1 to 4, ROUGE-L and CIDEr-D of beam search; ``greedy_bleu4`` and ``greedy_cider`` of greedy search.

    Source: Vinyals et al. 2015, "Show and Tell", https://arxiv.org/abs/1411.4555, eqs. 2 and 10; words objective:
    Mahajan et al. 2018, https://arxiv.org/abs/1805.00932, section 2.2 (softmax over k targets of 1/k each).

    Args:
        prefix: Causal encoder of the words so far; its vocabulary and max_length are the captions'.
        references: JSON-lines file with the training captions, for CIDEr-D.
        captions_per_image: Captions drawn per sample and epoch while training; None takes all.
        label_smoothing: Share of each target that is spread over the vocabulary.
        words_weight: Weight of a second objective, which words the captions use, told from the pooled inputs alone; it
            teaches the inputs' encoders on small data. 0 leaves it out.
        word_dropout: Probability of hiding a word of the prefix while training, so that the inputs must tell it.
        dropout: Probability of dropping a feature before the head.
        beams: Captions searched at once when answering; 1 is greedy search.
        length_penalty: Above 0 favours long captions; see ``decode.beam``.

    Raises:
        ValueError: If prefix is not causal, or beams < 1.
    """

    targets = ("captions",)
    monitor = "bleu4"

    def __init__(
        self,
        *,
        prefix: TextEncoder,
        references: str,
        captions_per_image: int | None = None,
        label_smoothing: float = 0.1,
        words_weight: float = 0.0,
        word_dropout: float = 0.0,
        dropout: float = 0.1,
        beams: int = 3,
        length_penalty: float = 1.0,
    ) -> None:
        super().__init__(
            prefix=prefix,
            label_smoothing=label_smoothing,
            word_dropout=word_dropout,
            dropout=dropout,
            beams=beams,
            length_penalty=length_penalty,
        )
        self.references, self.captions_per_image, self.words_weight = references, captions_per_image, words_weight
        vocab_size, dim = prefix.embedding.weight.shape
        self.words = nn.Linear(dim, vocab_size) if words_weight else None

    def transforms(self) -> Mapping[str, CaptionsTransform]:
        return {"captions": CaptionsTransform(text=self.prefix.transform, per_sample=self.captions_per_image)}

    def teach(self, tokens: Mapping[str, Tokens], fusion: Fusion, ids: Padded) -> Outputs:
        outputs = super().teach(tokens, fusion, ids)
        if self.words is not None and tokens:
            outputs["words"] = self.words(self.dropout(Tokens.cat(list(tokens.values())).pool()))  # [B, V]
        return outputs

    @torch.no_grad()
    def answer(self, tokens: Mapping[str, Tokens], fusion: Fusion, size: int) -> Outputs:
        """Write captions by beam search and by greedy search."""
        step = self.step(tokens, fusion, size)
        plain = self.search(step, size, 1)
        found = self.search(step, size, self.beams) if self.beams > 1 else plain
        return {"caption": self.read(found.ids), "score": found.score, "greedy": self.read(plain.ids)}

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        losses = super().losses(outputs, batch)
        if "words" in outputs:
            losses["words"] = self.words_weight * bag_of_words_loss(outputs["words"], batch.targets["captions"].ids)
        return losses

    def metrics(self) -> MetricCollection:
        scores = {f"bleu{n}": Bleu(order=n) for n in (1, 2, 3, 4)}
        others = {"rouge_l": RougeL(), "cider": CiderD(references=self.references)}
        plain = {"greedy_bleu4": Bleu(order=4), "greedy_cider": CiderD(references=self.references)}
        return MetricCollection({**scores, **others, **plain}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        texts = batch.targets["captions"].texts if "captions" in batch.targets else [[]] * len(batch)
        for name, metric in metrics.items(keep_base=True):
            metric.update(outputs["greedy" if name.startswith("greedy_") else "caption"], texts)

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        captions: Captions | None = batch.targets.get("captions")
        columns = zip(batch.ids, outputs["caption"], outputs["greedy"], outputs["score"].tolist(), strict=True)
        rows = [{"id": i, "caption": best, "greedy": plain, "score": score} for i, best, plain, score in columns]
        if captions is None:
            return rows
        return [row | {"references": texts} for row, texts in zip(rows, captions.texts, strict=True)]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Some pictures with their captions, and with what they should be."""
        shown = [(row, samples[i]) for i, row in enumerate(rows[:EXHIBITS]) if "image" in samples[i].inputs]
        titles = [f"{row['caption']}\n({row.get('references', ['?'])[0]})" for row, _ in shown]
        return {"captions": gallery([sample.inputs["image"] for _, sample in shown], titles)} if shown else {}


def bag_of_words_loss(logits: Tensor, ids: Padded) -> Tensor:
    """Cross entropy against the uniform distribution over the words that any caption uses. [B, V], [B, K, T] -> []

    Samples without words do not count.
    """
    used = torch.zeros_like(logits, dtype=torch.float).scatter_(1, ids.values.flatten(1), 1)  # [B, V]
    used[:, [Tokenizer.pad, Tokenizer.bos, Tokenizer.eos, Tokenizer.unk]] = 0
    number = used.sum(1)  # [B]
    likely = (logits.float().log_softmax(-1) * used).sum(1) / number.clamp(min=1)  # [B]
    return -likely.sum() / (number > 0).sum().clamp(min=1)
