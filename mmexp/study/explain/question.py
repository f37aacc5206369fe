"""One sample, the answer of a model to it, and what the score of that answer is without some parts of the inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import torch
from torch import Tensor

from mmexp.contract import Batch, Padded, Sample
from mmexp.inference.predictor import Predictor
from mmexp.inference.single import single
from mmexp.study.explain.kind import kind_of
from mmexp.study.explain.parts import Parts, repeated, rows_of
from mmexp.task.base import Explained

ROWS = 64
"""Samples at once."""


@dataclass(frozen=True)
class Question:
    """What is explained.

    Args:
        trained: The run.
        batch: The sample.
        kinds: By input, of those that can be divided and that the sample has.
        parts: Likewise.
        answer: Of the model.
        rows: Samples at once.
        check: Called before each of these passes; may raise to end it all.
    """

    trained: Predictor
    batch: Batch
    kinds: Mapping[str, ModuleType]
    parts: Mapping[str, Parts]
    answer: Explained
    rows: int = ROWS
    check: Callable[[], None] = lambda: None

    @cached_property
    def value(self) -> float:
        """Score of the answer, of the sample as it is."""
        return float(self.scores(torch.ones(1, self.size))[0])

    @property
    def size(self) -> int:
        """Parts P of all inputs."""
        return sum(len(one.names) for one in self.parts.values())

    def split(self, values: Tensor) -> dict[str, Tensor]:
        """Return what is of each part by input. [..., P]"""
        sizes = [len(one.names) for one in self.parts.values()]
        return dict(zip(self.parts, torch.split(values, sizes, -1), strict=True))

    def scores(self, kept: Tensor) -> Tensor:
        """Return the score of the answer where some parts are kept and the others are taken away. [K, P] -> [K]"""
        with torch.no_grad():
            return torch.cat([self._scores(rows) for rows in torch.split(kept, ROWS)])

    def score(self, inputs: Mapping[str, Padded]) -> Tensor:
        """Return the score of the answer for K rows of some inputs; the others are those of the sample. -> [K]"""
        rows = len(next(iter(inputs.values())).values)
        if rows > self.rows:
            spans = [slice(start, start + self.rows) for start in range(0, rows, self.rows)]
            return torch.cat([self.score({name: rows_of(own, span) for name, own in inputs.items()}) for span in spans])
        self.check()
        many = repeated(self.batch, rows)
        asked = Batch({**many.inputs, **inputs}, self.answer.targets(rows), many.ids, many.files).to(
            self.trained.device
        )
        with self.trained.hardware.autocast():
            found = self.answer.score(self.trained.module.model(asked))
        return found.float()

    def _scores(self, kept: Tensor) -> Tensor:
        own = self.split(kept)
        return self.score({name: one.without(self.batch.inputs[name], own[name]) for name, one in self.parts.items()})


def ask(trained: Predictor, sample: Sample, rows: int = ROWS, check: Callable[[], None] = lambda: None) -> Question:
    """Let a run answer a sample, and divide its inputs.

    Args:
        trained: The run.
        sample: As the dataset gives it.
        rows: Samples at once.
        check: Called before each pass of so many; may raise to end it all.

    Raises:
        ConfigError: If its task has no score of an answer.
    """
    batch, transforms = single(trained, sample), trained.module.model.transforms
    with torch.no_grad(), trained.hardware.autocast():
        answer = trained.task.explained(trained.module.model(batch))
    there = {name: own for name, own in batch.inputs.items() if bool(own.present[0])}
    kinds = {name: found for name in there if (found := kind_of(transforms[name]))}
    parts = {name: kind.divide(batch.inputs[name], transforms[name]) for name, kind in kinds.items()}
    return Question(trained, batch, kinds, parts, answer, rows, check)
