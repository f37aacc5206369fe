"""Generate the answer to a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample
from mmexp.decoder.base import TextDecoder
from mmexp.metric.answer import ConsensusAccuracy, ExactMatch, tokenizable
from mmexp.metric.caption import Bleu
from mmexp.plot.questions import questions
from mmexp.task.base_generation import TextGeneration
from mmexp.transform.answer import PeopleTransform, WrittenAnswerTransform
from mmexp.transform.base import Transform
from mmexp.transform.tokenization import Tokenize, splitter

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class AnswerGeneration(TextGeneration):
    """Generate the answer token by token, fused with the question, which is the text input, and the others.

    Answers are ``tokenizable`` before training and comparison, see ``metric.answer``. Metrics: ``accuracy``, whether
    the whole answer is right; ``bleu1``, how many of its words are, as most answers are too short for longer n-grams;
    and with ``consensus`` ``vqa_accuracy``, see ``ConsensusAccuracy``.

    Source: Cho et al. 2021, "Unifying Vision-and-Language Tasks via Text Generation", https://arxiv.org/abs/2102.02779.
    Differs: the question is an input like any other, from scratch.

    Args:
        decoder: Predicts each word; its vocabulary and max_length are the answers'.
        consensus: Also report ``vqa_accuracy``; the dataset must have ``answers``, those of about ten annotators.
        label_smoothing: Share of each target that is spread over the vocabulary.
        word_dropout: Probability of masking a word that is read in training, so that the next must be predicted from
            the inputs.
        beams: Answers searched at once; 1 is greedy search.
        length_penalty: Above 0 favours long answers; see ``decoding.search.beam``.
        tokenize: What ``bleu1`` counts, see ``metric.caption``: words, characters or blanks.

    Raises:
        ValueError: If beams < 1, or tokenize is unknown.
    """

    targets: tuple[str, ...] = ("answer",)
    monitor = "accuracy"

    def __init__(
        self,
        *,
        decoder: TextDecoder,
        consensus: bool = False,
        label_smoothing: float = 0.0,
        word_dropout: float = 0.0,
        beams: int = 3,
        length_penalty: float = 0.0,
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
        self.consensus, self.tokenize = consensus, tokenize
        if consensus:
            self.targets = ("answer", "answers")

    def transforms(self) -> Mapping[str, Transform]:
        written = WrittenAnswerTransform(text=self.decoder.transform, normalise=tokenizable)
        return {"answer": written, "answers": PeopleTransform()} if self.consensus else {"answer": written}

    def metrics(self) -> MetricCollection:
        people = {"vqa_accuracy": ConsensusAccuracy(normalise=tokenizable)} if self.consensus else {}
        own = {"accuracy": ExactMatch(), "bleu1": Bleu(order=1, tokenize=self.tokenize)}
        return MetricCollection({**own, **people}, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        none: list[list[str]] = [[] for _ in batch.ids]
        one = batch.targets["answer"].texts if "answer" in batch.targets else none
        people = batch.targets.get("answers", none)
        for name, metric in metrics.items(keep_base=True):
            metric.update(outputs["text"], people if name == "vqa_accuracy" else one)

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        return self.rows("label", [tokenizable(text) for text in outputs["text"]], outputs, batch)

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw images with their questions and answers."""
        return questions(rows, samples)
