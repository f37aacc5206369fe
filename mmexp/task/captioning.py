"""Caption the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Padded, Sample, Tokens
from mmexp.decoder.base import TextDecoder
from mmexp.decoding.search import Nucleus
from mmexp.fusion.base import Fusion
from mmexp.metric.caption_scores import CaptionScores
from mmexp.plot.gallery import gallery
from mmexp.task.base_generation import TextGeneration
from mmexp.transform.captions import Captions, CaptionsTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 12  # images shown


class Captioning(TextGeneration):
    """Generate a caption token by token: by a decoder that the fusion serves, see ``TextGeneration``.

    Metrics: BLEU-1 to 4, ROUGE-L and CIDEr-D of beam search; ``greedy_bleu4`` and ``greedy_cider`` of greedy search;
    ``distinct1``, ``distinct2`` and ``length``, how varied and how long the captions of beam search are, and with
    sampling those of the sampled captions, such as ``sampled_distinct1``. What they count is the root key ``tokenize``,
    see ``metric.caption``.

    Source: Vinyals et al. 2015, "Show and Tell", https://arxiv.org/abs/1411.4555, eqs. 2 and 10; words objective:
    Mahajan et al. 2018, https://arxiv.org/abs/1805.00932, section 2.2 (softmax over k targets of 1/k each); sampling:
    see ``decoding.search.Nucleus``.

    Args:
        decoder: Predicts each word; its vocabulary and max_length are the captions'.
        scores: Fields of ``metric.caption_scores.CaptionScores``, the training captions and what metrics count.
        captions_per_image: Captions sampled per sample and epoch in training; None takes all.
        label_smoothing: Share of each target that is spread over the vocabulary.
        words_weight: Weight of a second objective, which words the captions use, predicted from the pooled inputs
            alone; it trains the inputs' encoders on small data. 0 leaves it out.
        word_dropout: Probability of masking a word that is read in training, so that the next must be predicted from
            the inputs.
        beams: Beam size at inference; 1 is greedy search.
        length_penalty: Above 0 favours long captions; see ``decoding.search.beam``.
        sampling: Fields of ``decoding.search.Nucleus``, such as {top_p: 0.9}, to sample a further caption, always the
            same for the same sample; None for none.

    Raises:
        ValueError: If beams < 1, tokenize unknown, or a number of sampling is out of its range.
        TypeError: If scores or sampling has another field.
    """

    targets = ("captions",)
    measured_with = ("references",)
    monitor = "bleu4"
    written = "caption"

    def __init__(
        self,
        *,
        decoder: TextDecoder,
        scores: Mapping[str, Any],
        captions_per_image: int | None = 1,
        label_smoothing: float = 0.1,
        words_weight: float = 0.0,
        word_dropout: float = 0.0,
        beams: int = 3,
        length_penalty: float = 1.0,
        sampling: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(
            decoder=decoder,
            label_smoothing=label_smoothing,
            word_dropout=word_dropout,
            beams=beams,
            length_penalty=length_penalty,
        )
        self.scores = CaptionScores(**scores)
        self.captions_per_image, self.words_weight = captions_per_image, words_weight
        self.nucleus = None if sampling is None else Nucleus(**sampling)
        self.words = nn.Linear(decoder.dim, decoder.vocab_size) if words_weight else None

    def transforms(self) -> Mapping[str, CaptionsTransform]:
        return {"captions": CaptionsTransform(text=self.decoder.transform, per_sample=self.captions_per_image)}

    def teacher_forcing(self, tokens: Mapping[str, Tokens], fusion: Fusion, ids: Padded) -> Outputs:
        outputs = super().teacher_forcing(tokens, fusion, ids)
        if self.words is not None and tokens:
            outputs["words"] = self.words(self.decoder.dropout(Tokens.cat(list(tokens.values())).pool()))  # [B, V]
        return outputs

    @torch.no_grad()
    def generate(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        """Generate captions by beam search, by greedy search and, with ``sampling``, by nucleus sampling."""
        step = self.decoder.step(fusion.bind(tokens), len(batch))
        plain = self.search(step, len(batch), 1)
        found = self.search(step, len(batch), self.beams) if self.beams > 1 else plain
        drawn = {} if self.nucleus is None else {"sampled": self.read(self.sample(step, batch.ids, self.nucleus).ids)}
        return {"caption": self.read(found.ids), "score": found.score, "greedy": self.read(plain.ids), **drawn}

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        losses = super().losses(outputs, batch)
        if "words" in outputs:
            losses["words"] = self.words_weight * bag_of_words_loss(
                outputs["words"], batch.targets["captions"].ids, self.decoder.tokenizer.special
            )
        return losses

    def metrics(self) -> MetricCollection:
        own = self.scores
        drawn = {} if self.nucleus is None else {f"sampled_{name}": one for name, one in own.variety().items()}
        return MetricCollection({**own.quality(), **own.greedy(), **own.variety(), **drawn}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        texts = batch.targets["captions"].texts if "captions" in batch.targets else [[]] * len(batch)
        for name, metric in metrics.items(keep_base=True):
            metric.update(outputs.get(name.partition("_")[0], outputs["caption"]), texts)

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        captions: Captions | None = batch.targets.get("captions")
        columns: dict[str, Any] = {name: outputs[name] for name in ("caption", "greedy", "sampled") if name in outputs}
        columns |= {"score": outputs["score"].tolist()} | ({} if captions is None else {"references": captions.texts})
        return [{"id": one, **{name: own[i] for name, own in columns.items()}} for i, one in enumerate(batch.ids)]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw some images with their captions and a reference."""
        shown = [(row, samples[i]) for i, row in enumerate(rows[:SHOWN]) if "image" in samples[i].inputs]
        titles = [f"{row['caption']}\n({row.get('references', ['?'])[0]})" for row, _ in shown]
        return {"captions": gallery([sample.inputs["image"] for _, sample in shown], titles)} if shown else {}


def bag_of_words_loss(logits: Tensor, ids: Padded, special: Sequence[int]) -> Tensor:
    """Compute cross entropy with the uniform distribution over the words of the captions. [B, V], [B, K, T] -> []

    Samples without words do not count, and neither do special ids.
    """
    padded = ids.values.masked_fill(~ids.mask, special[0])
    used = torch.zeros_like(logits, dtype=torch.float).scatter_(1, padded.flatten(1), 1)  # [B, V]
    used[:, [one for one in special if one >= 0]] = 0
    number = used.sum(1)  # [B]
    likely = (logits.float().log_softmax(-1) * used).sum(1) / number.clamp(min=1)  # [B]
    return -likely.sum() / (number > 0).sum().clamp(min=1)
