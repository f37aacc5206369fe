"""Generate the next reply of a dialogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample
from mmexp.decoder.base import TextDecoder
from mmexp.metric.caption import Bleu, WordForWord
from mmexp.metric.perplexity import Perplexity
from mmexp.plot.dialogue import dialogues
from mmexp.task.base_generation import TextGeneration
from mmexp.transform.captions import CaptionsTransform
from mmexp.transform.tokenization import Tokenize, splitter

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Dialogue(TextGeneration):
    """Write the next turn word by word, fused with the turns so far, which are the input ``history``, and the others.

    The turns are read in a row, of a long dialogue the newest, see ``TextTransform``. Metrics: ``perplexity`` of the
    true reply, which decides, since a question has more than one good reply; ``bleu1``, ``bleu4`` and ``exact``,
    whether all words are the true ones, of the reply that beam search finds.

    Source: Das et al. 2017, "Visual Dialog", https://arxiv.org/abs/1611.08669, section 5 (late fusion encoder,
    generative decoder). Differs: replies are written and measured, not chosen among a hundred candidates.

    Args:
        decoder: Predicts each word; its vocabulary and max_length are the replies'.
        label_smoothing: Share of each target that is spread over the vocabulary.
        word_dropout: Probability of masking a word that is read in training, so that the next must be predicted from
            the inputs.
        beams: Beam size at inference; 1 is greedy search.
        length_penalty: Above 0 favours long replies; see ``decoding.search.beam``.
        tokenize: What ``bleu1``, ``bleu4`` and ``exact`` count, see ``metric.caption``: words, characters or blanks.

    Raises:
        ValueError: If beams < 1, or tokenize is unknown.
    """

    targets = ("reply",)
    monitor = "perplexity"
    mode = "min"

    def __init__(
        self,
        *,
        decoder: TextDecoder,
        label_smoothing: float = 0.0,
        word_dropout: float = 0.0,
        beams: int = 3,
        length_penalty: float = 1.0,
        tokenize: Tokenize = "words",
    ) -> None:
        super().__init__(
            decoder=decoder,
            label_smoothing=label_smoothing,
            word_dropout=word_dropout,
            beams=beams,
            length_penalty=length_penalty,
        )
        splitter(tokenize)
        self.tokenize = tokenize

    def transforms(self) -> Mapping[str, CaptionsTransform]:
        return {"reply": CaptionsTransform(text=self.decoder.transform)}

    def metrics(self) -> MetricCollection:
        bleu = {f"bleu{n}": Bleu(order=n, tokenize=self.tokenize) for n in (1, 4)}
        exact = WordForWord(tokenize=self.tokenize)
        return MetricCollection({"perplexity": Perplexity(), **bleu, "exact": exact}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        if "reply" not in batch.targets:
            return
        for name, metric in metrics.items(keep_base=True):
            if name == "perplexity":
                metric.update(outputs["logits"], outputs["targets"])
            else:
                metric.update(outputs["text"], batch.targets["reply"].texts)

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        return self.rows("reply", outputs["text"], outputs, batch)

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw images with the dialogues about them."""
        return dialogues(rows, samples)
