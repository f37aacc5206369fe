"""Occlusion: how far the score falls where one part alone is taken away.

Source: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks",
https://arxiv.org/abs/1311.2901, section 4.2, with squares that do not overlap; by captum's FeatureAblation.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mmexp.study.explain.question import ROWS, Question

HELP = "takes one part away at a time"
SERVED = True


def attribute(question: Question) -> Tensor:
    """Return what each part counts. [P]"""
    from captum.attr import FeatureAblation

    every = torch.ones(1, question.size)
    found = FeatureAblation(question.scores).attribute(every, baselines=0.0, perturbations_per_eval=ROWS)
    return torch.as_tensor(found)[0]
