"""KernelSHAP: Shapley values of the parts, by a weighted linear fit to scores with random parts taken away.

Source: Lundberg and Lee 2017, "A Unified Approach to Interpreting Model Predictions", https://arxiv.org/abs/1705.07874,
theorem 2; by captum.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmexp.study.explain.question import ROWS, Question

HELP = "Shapley values by a linear fit"
PER_PART, MORE = 2, 2048
"""Evaluations of the model, of each part and beyond these, as in the authors' program; with fewer, chance ranks."""


def attribute(question: Question) -> Tensor:
    """Return what each part counts; together, how far the score is above that of nothing. [P]"""
    from captum.attr import KernelShap

    every, number = torch.ones(1, question.size), PER_PART * question.size + MORE
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = KernelShap(question.scores).attribute(every, n_samples=number, perturbations_per_eval=ROWS)
    return torch.as_tensor(found)[0]
