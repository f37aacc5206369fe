"""Why a run answers as it does, for one request: what each modality adds, and what each part of them does."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from mmexp.contract import Sample
from mmexp.deploy.serve.limits import Limits
from mmexp.error import ConfigError
from mmexp.inference.predictor import Predictor
from mmexp.run.jsonfile import strict
from mmexp.study.explain.data_url import png
from mmexp.study.explain.method import load, served
from mmexp.study.explain.modality import contribute_to_sample
from mmexp.study.explain.question import Question, ask
from mmexp.task.base import Task

DEFAULT = "occlusion"
"""The method of ``mmexp explain`` that suits every run."""


class TooSlow(Exception):
    """An explanation is not done in time."""


class Explainer:
    """Explain the answers of a run, one sample at a time, and never for longer than the limit.

    Args:
        trained: The run.
        limits: Of time, and of samples at once.
    """

    def __init__(self, trained: Predictor, limits: Limits) -> None:
        self._trained, self._limits = trained, limits

    @property
    def scored(self) -> bool:
        """Whether the task has a score of its answer."""
        return type(self._trained.task).explained is not Task.explained

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods that can be asked for, the default first: none without captum, or without a score."""
        found = served(self._trained) if self.scored and find_spec("captum") is not None else []
        return tuple(sorted(found, key=lambda name: name != DEFAULT))

    def contribution(self, sample: Sample) -> dict[str, Any]:
        """Return the answer, its score, and by modality what it adds to that score.

        Raises:
            TooSlow: If it takes longer than the limit.
        """
        found = contribute_to_sample(self._trained, sample, self._limits.batch, self._clock())
        values = {"contribution": found.values, "without": found.without, "absent": found.absent}
        return {"id": sample.id, "answer": found.answer, "score": strict(found.score), **strict(values)}

    def explanation(self, sample: Sample, method: str) -> dict[str, Any]:
        """Return the answer, its score, and by modality what each of its parts does to that score.

        Raises:
            TooSlow: If it takes longer than the limit.
            ConfigError: If the sample has no input of a kind that can be divided into parts.
        """
        question = ask(self._trained, sample, self._limits.batch, self._clock())
        if not question.size:
            given = ", ".join(sample.inputs)
            raise ConfigError(f"explain: one input must be of a kind that can be divided into parts, got {given}.")
        values = question.split(load(method).attribute(question).detach().cpu())
        parts = {name: _part(question, name, own.numpy()) for name, own in values.items()}
        answer = {"answer": question.answer.text, "score": strict(question.value), "method": method}
        return {"id": sample.id, **answer, "inputs": parts}

    def _clock(self) -> Callable[[], None]:
        end, limit = time.monotonic() + self._limits.explain, self._limits.explain

        def check() -> None:
            if time.monotonic() > end:
                raise TooSlow(f"explanation must take at most {limit:g} s, got none until then.")

        return check


def _part(question: Question, name: str, values: np.ndarray) -> Mapping[str, Any]:
    """Return what the parts of an input do, with the image that shows it, where there is one."""
    kind, parts = question.kinds[name], question.parts[name]
    word: Callable[[str], str] = getattr(kind, "word", str)
    found: dict[str, Any] = {"words": hasattr(kind, "word")}
    found["parts"] = [
        {"name": word(one), "value": strict(float(x))} for one, x in zip(parts.names, values, strict=True)
    ]
    if hasattr(kind, "heat_map") and np.isfinite(values).all():
        image = png(kind.heat_map(parts, values, question.batch.inputs[name]))
        found["heat_map"] = {"type": "image/png", "base64": base64.b64encode(image).decode()}
    return found
