"""A task is a head, an objective and a measure for one kind of question."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from torch import Tensor, nn
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.error import ConfigError
from mmexp.fusion.base import Fusion
from mmexp.transform.base import Transform

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Explained:
    """The answer to one sample, and how any other outputs speak for it.

    Args:
        text: The answer.
        score: Returns the score of this answer in each row of other outputs. [B]
        targets: Returns the targets that ``forward`` must be given with B rows for that; none by default.
    """

    text: str
    score: Callable[[Outputs], Tensor]
    targets: Callable[[int], dict[str, Any]] = lambda rows: {}


class Task(nn.Module, ABC):
    """Asks the fusion for the form it needs, then scores what comes out.

    A task reads targets from the batch only in ``losses`` and ``measure``, except for teacher forcing, and must be able
    to run ``forward`` and ``predictions`` on a batch without targets. ``self.training`` is false at inference.
    ``transforms`` may name more targets than ``targets``: they are read where a sample has them.

    Attributes:
        targets: Names of the targets it needs.
        inputs: Modalities it must be given; None takes whatever the dataset offers.
        anchor: The modality whose positions it keeps (anchored form), None for the joint form.
        monitor: Metric, without the stage, by which the best checkpoint is chosen.
        paired: Whether it learns which inputs belong together, so that a control has to part them.
        reads: Inputs whose values it reads itself, and not their tokens alone: the encoder is then given them as they
            are, never features in their place.
        contrasts: Whether its loss compares the samples of a batch, and so depends on which lie together and how many.
        mode: Whether a smaller or larger value of it is better.
        measured_with: Facts with training data that its metrics alone read, which a package leaves out.
        export_refused: Why a graph cannot hold what it computes; empty if one can.

    Example:
        >>> import torch
        >>> from mmexp import Batch, Padded, Tokens
        >>> from mmexp.fusion.mean import MeanFusion
        >>> from mmexp.pool.mean import MeanPool
        >>> from mmexp.task.regression import Regression
        >>> task = Regression(pool=MeanPool(), dim=8, target="score", mean=0.0, std=1.0)
        >>> batch = Batch({}, {"score": Padded(torch.ones(2), torch.tensor([True, True]))}, ids=("s1", "s2"))
        >>> text = Tokens(torch.randn(2, 5, 8), torch.ones(2, 5, dtype=torch.bool))
        >>> fusion = MeanFusion(dim=8, modalities=["text"], pool=MeanPool())
        >>> outputs = task({"text": text}, fusion, batch)
        >>> sum(task.losses(outputs, batch).values()).backward()
        >>> [row["id"] for row in task.predictions(outputs, batch)]
        ['s1', 's2']
    """

    targets: tuple[str, ...]
    inputs: tuple[str, ...] | None = None
    anchor: str | None = None
    paired: bool = False
    reads: tuple[str, ...] = ()
    contrasts: bool = False
    monitor: str
    mode: Literal["min", "max"]
    measured_with: ClassVar[tuple[str, ...]] = ()
    export_refused: ClassVar[str] = ""

    @abstractmethod
    def transforms(self) -> Mapping[str, Transform]:
        """Return how each target becomes what ``batch.targets`` holds, by target name."""

    def prepare(self, kinds: Mapping[str, str], transforms: Mapping[str, Transform]) -> None:
        """Make what depends on the inputs, once they are known; by default nothing does.

        Args:
            kinds: Kind of each input, in order.
            transforms: Of each input, as its encoder declares it.
        """

    def shown(self, batch: Batch) -> Batch:
        """Return the batch that the encoders and ``forward`` read; masked modelling masks a part of it."""
        return batch

    @abstractmethod
    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs: ...

    def network(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        """Return what a graph can hold of the outputs, a function of tensors alone; by default all of them."""
        return self(tokens, fusion, batch)  # type: ignore[no-any-return]

    def postprocess(self, outputs: Outputs, batch: Batch) -> Outputs:
        """Return the outputs with what is searched for in them: tags, boxes, transcripts; by default nothing is."""
        return outputs

    @abstractmethod
    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return scalars that are summed and minimised, by name."""

    @abstractmethod
    def metrics(self) -> MetricCollection:
        """Return fresh metrics, named as they are reported: ``accuracy``, ``bleu4`` ..."""

    @abstractmethod
    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        """Update the metrics with one batch."""

    @abstractmethod
    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        """Return one row per sample, with ``id``, the prediction, its score and, where known, the target.

        Values are plain JSON, or images (uint8 arrays [H, W] or [H, W, 3]) and Waveforms, which become files.
        """

    def completed(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Return the rows of a split with what only all of its samples decide, once measured; by default nothing is."""
        return rows

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw figures, by name, of the predictions on the test split.

        Args:
            rows: All predictions.
            samples: The sample of each, as the dataset gives it.
        """
        return {}

    def explained(self, outputs: Outputs) -> Explained:
        """Return what is explained of the outputs of one sample: its answer, and the scalar that speaks for it.

        Raises:
            ConfigError: By default: a task whose answer has no score cannot be explained.
        """
        raise ConfigError(f"explain: task must score its answer, got {type(self).__name__}.")

    def notes(self) -> list[str]:
        """Say what a user should know of the objective before it is trained, a line each."""
        return []

    def slots(self, inputs: Sequence[str]) -> tuple[str, ...]:
        """Return the names the fusion is built for: the anchor, if there is one, then the inputs."""
        if self.anchor is None:
            return tuple(inputs)
        return (self.anchor, *(name for name in inputs if name != self.anchor))
