"""Explain some samples by some methods, and measure how faithful the methods are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from mmexp.analysis.interval import interval_of
from mmexp.analysis.recompute import Metric
from mmexp.contract import Sample
from mmexp.error import ConfigError
from mmexp.inference.predictor import Predictor
from mmexp.study.estimate import Estimate
from mmexp.study.explain.box import in_box
from mmexp.study.explain.faithfulness import gains
from mmexp.study.explain.method import load, why_not
from mmexp.study.explain.question import Question, ask

MEASURES = (
    "deletion_gain",
    "insertion_gain",
    "deletion",
    "insertion",
    "random_deletion",
    "random_insertion",
    "in_box",
    "box",
)


@dataclass(frozen=True)
class Explanation:
    """One sample explained.

    Args:
        sample: As the dataset gives it.
        question: With the answer of the model and its score.
        values: What each part counts, by method. [P]
        measures: Of each method, by name.
    """

    sample: Sample
    question: Question
    values: Mapping[str, Tensor]
    measures: Mapping[str, Mapping[str, float]]


def explain(trained: Predictor, samples: Sequence[Sample], methods: Sequence[str]) -> list[Explanation]:
    """Explain samples.

    Args:
        trained: The run.
        samples: With or without targets.
        methods: Names.

    Raises:
        ConfigError: If a method is not known or does not suit the run, captum is not installed, or a task has no score
            of an answer.
    """
    loaded = {name: load(name) for name in methods}
    if reasons := [reason for name in methods if (reason := why_not(name, trained))]:
        raise ConfigError([f"explain: {reason}." for reason in reasons])
    refuse_without_captum()
    found = []
    for sample in samples:
        question = ask(trained, sample)
        if not question.size:
            raise ConfigError(
                f"explain: inputs must be of a kind that can be divided, got none of sample {sample.id!r}."
            )
        values = {name: method.attribute(question).detach().cpu() for name, method in loaded.items()}
        measures = {
            name: {**own, **(in_box(question, values[name], sample) or {})}
            for name, own in gains(question, values).items()
        }
        found.append(Explanation(sample, question, values, measures))
    return found


def summarized(explanations: Sequence[Explanation], groups: Mapping[str, str]) -> dict[str, Any]:
    """Return by method the mean of each measure over the samples that have it, with its interval."""
    found: dict[str, Any] = {}
    for method in explanations[0].measures:
        found[method] = {}
        for name in MEASURES:
            known = [
                (one.sample.id, one.measures[method][name]) for one in explanations if name in one.measures[method]
            ]
            if known:
                values = np.array([value for _, value in known])
                interval = interval_of(_mean(values), [key for key, _ in known], groups)
                found[method][name] = Estimate(float(values.mean()), interval).plain()
    return found


def listed(explanations: Sequence[Explanation]) -> list[dict[str, Any]]:
    """Return each sample with its answer, what each part counts, and the measures, as plain values."""
    return [
        {
            "id": one.sample.id,
            "answer": one.question.answer.text,
            "score": one.question.value,
            "attributions": {
                method: {
                    name: dict(zip(_distinct(one.question.parts[name].names), own.tolist(), strict=True))
                    for name, own in one.question.split(values).items()
                }
                for method, values in one.values.items()
            },
            "measures": one.measures,
        }
        for one in explanations
    ]


def refuse_without_captum() -> None:
    """Make sure that captum is installed.

    Raises:
        ConfigError: If it is not.
    """
    try:
        import captum  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as fault:
        rule = f"explain: captum and scikit-learn, of the extra explain, must be installed, got no {fault.name}"
        raise ConfigError(f"{rule}.", "Run: pip install captum scikit-learn") from fault


def _mean(values: np.ndarray) -> Metric:
    return lambda weights: np.asarray((weights * values).sum(1) / weights.sum(1))


def _distinct(names: Sequence[str]) -> list[str]:
    """Names of parts, numbered where a word occurs again."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
