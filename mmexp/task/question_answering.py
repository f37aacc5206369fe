"""Answer a question by one of the answers known from training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample
from mmexp.loss.base import ClassLoss
from mmexp.metric.answer import ConsensusAccuracy, normalise
from mmexp.plot.questions import questions
from mmexp.pool.base import Pool
from mmexp.task.classification import Classification
from mmexp.transform.answer import AnswerTransform, PeopleTransform
from mmexp.transform.base import Transform

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class QuestionAnswering(Classification):
    """Fuse the question, which is the text input, with the others, and choose among the answers of the training split.

    Answers that differ only in case, articles, punctuation or digits are one class. Metrics: those of Classification,
    and with ``consensus`` also ``vqa_accuracy``, see ``ConsensusAccuracy``. An answer that training never had cannot
    be given, and counts as wrong.

    Source: Antol et al. 2015, "VQA", https://arxiv.org/abs/1505.00468, section 4: answers as classes.

    Args:
        pool: How tokens become a vector.
        dim: Width D of the tokens.
        answers: The training split's answers.
        consensus: Also report ``vqa_accuracy``; the dataset must have ``answers``, those of about ten annotators.
        label_smoothing: Share of each target that is spread over the classes.
        dropout: Dropout probability of the hidden layer.
        depth: Hidden layers of the head; 0 scores the pooled features as they are, linearly.
        listed: Answers up to which a prediction lists the scores of all; of more it lists the best 5.
        loss: What the scores of the answers cost; cross entropy if None.

    Raises:
        ValueError: If there are fewer than two different answers.
    """

    read: Callable[[Any], str] = staticmethod(normalise)

    def __init__(
        self,
        *,
        pool: Pool,
        dim: int,
        answers: Sequence[Any],
        consensus: bool = False,
        label_smoothing: float = 0.0,
        dropout: float = 0.1,
        depth: int = 1,
        listed: int = 20,
        loss: ClassLoss | None = None,
    ) -> None:
        super().__init__(
            pool=pool,
            dim=dim,
            classes=sorted(set(map(normalise, answers))),
            target="answer",
            label_smoothing=label_smoothing,
            dropout=dropout,
            depth=depth,
            listed=listed,
            loss=loss,
        )
        self.consensus = consensus
        if consensus:
            self.targets = ("answer", "answers")

    def transforms(self) -> Mapping[str, Transform]:
        own: dict[str, Transform] = {"answer": AnswerTransform(classes=self.classes, normalise=normalise)}
        return own | {"answers": PeopleTransform()} if self.consensus else own

    def metrics(self) -> MetricCollection:
        metrics = super().metrics()
        if self.consensus:
            metrics.add_metrics({"vqa_accuracy": ConsensusAccuracy()})
        return metrics

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        super().measure(metrics, outputs, batch)
        if self.consensus and "answers" in batch.targets:
            answers = [self.classes[index] for index in outputs["scores"].argmax(-1).tolist()]
            metrics["vqa_accuracy"].update(answers, batch.targets["answers"])

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw images with their questions and answers, and the accuracy of the answers."""
        return {**super().plots(rows, samples), **questions(rows, samples)}
