"""LIME: a sparse linear model of the score near the sample, over which parts are there.

Source: Ribeiro et al. 2016, "Why Should I Trust You?", https://arxiv.org/abs/1602.04938, algorithm 1; by captum.
Differs: ridge regression, as a lasso leaves too few parts to rank.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmexp.study.explain.question import ROWS, Question

HELP = "a linear model near the sample"
PER_PART, MOST = 8, 600
"""Evaluations of the model, of each part and in all."""


def attribute(question: Question) -> Tensor:
    """Return the coefficient of each part. [P]"""
    from captum._utils.models.linear_model import SkLearnRidge
    from captum.attr import Lime

    every, number = torch.ones(1, question.size), min(MOST, PER_PART * question.size + 50)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        lime = Lime(question.scores, interpretable_model=SkLearnRidge(alpha=1.0))
        found = lime.attribute(every, baselines=0.0, n_samples=number, perturbations_per_eval=ROWS)
    return torch.as_tensor(found)[0]
