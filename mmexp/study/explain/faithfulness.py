"""Faithfulness of an explanation: whether the score follows the parts that it names first, more than random ones.

Source: Petsiuk et al. 2018, "RISE", https://arxiv.org/abs/1806.07421, section 4.2 (deletion, insertion); Samek et al.
2017, "Evaluating the Visualization of What a Deep Neural Network Has Learned", https://arxiv.org/abs/1509.06321
(against random orders).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from mmexp.study.explain.question import Question

STEPS = 20
"""In which all parts are taken away, or put back."""
RANDOM = 10
"""Orders."""


def areas(question: Question, orders: Sequence[Tensor]) -> dict[str, np.ndarray]:
    """Compute the areas under the curves of deletion and insertion, in units of the score.

    Args:
        question: What is explained.
        orders: Parts, the first to be taken away or put back first. [P] each

    Returns:
        ``deletion``, which is less for a better order, and ``insertion``, which is more. [R] of R orders
    """
    counts = torch.linspace(0, question.size, min(STEPS, question.size) + 1).round().long()
    found = {}
    for name, first in (("deletion", 0.0), ("insertion", 1.0)):
        kept = torch.full((len(orders), len(counts), question.size), 1 - first)
        for row, order in enumerate(orders):
            for step, count in enumerate(counts):
                kept[row, step, order[:count]] = first
        curve = question.scores(kept.flatten(0, 1)).view(len(orders), len(counts)).cpu().numpy()
        found[name] = np.trapezoid(curve, counts.numpy() / question.size, axis=1)
    return found


def gains(question: Question, values: Mapping[str, Tensor]) -> dict[str, dict[str, float]]:
    """Compute by method how much better than random orders its order of the parts is.

    Args:
        question: What is explained.
        values: What each part counts, by method. [P]

    Returns:
        By method the areas, ``deletion_gain`` (random less own) and ``insertion_gain`` (own less random): positive is
        better than random.
    """
    generator = torch.Generator().manual_seed(0)
    drawn = areas(question, [torch.randperm(question.size, generator=generator) for _ in range(RANDOM)])
    random = {name: float(own.mean()) for name, own in drawn.items()}
    found = {}
    for method, own in values.items():
        order = torch.nan_to_num(own, nan=-torch.inf).argsort(descending=True, stable=True)
        known = {name: float(area[0]) for name, area in areas(question, [order]).items()}
        found[method] = {
            **known,
            **{f"random_{name}": area for name, area in random.items()},
            "deletion_gain": random["deletion"] - known["deletion"],
            "insertion_gain": known["insertion"] - random["insertion"],
        }
    return found
