"""Assign each object the prediction of least cost, no prediction twice (Hungarian algorithm)."""

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mmexp.contract import Padded
from mmexp.head.detection.box import centred, giou

CLASS, L1, GIOU = 1.0, 5.0, 2.0
"""What each term weighs, in the costs of a pair and in the loss."""


def costs(scores: Tensor, boxes: Tensor, targets: Padded, classes: Tensor) -> Tensor:
    """Compute the cost of assigning prediction q to object k:

    ``-p_q(class_k) + 5 |box_q - box_k|_1 - 2 giou(box_q, box_k)``.

    Source: Carion et al. 2020, "End-to-End Object Detection with Transformers", https://arxiv.org/abs/2005.12872,
    sec. 3.1 and appendix A.2.

    Args:
        scores: Of each class. [B, Q, C]
        boxes: Corners, as fractions of the view. [B, Q, 4]
        targets: Corners of the objects. [B, K, 4]
        classes: Of the objects. [B, K]

    Returns:
        [B, Q, K]
    """
    chosen = classes.clamp(min=0)[:, None].expand(-1, scores.shape[1], -1)
    distance = (centred(boxes)[:, :, None] - centred(targets.values)[:, None]).abs().sum(-1)  # [B, Q, K]
    shared = giou(boxes[:, :, None], targets.values[:, None])
    return -CLASS * scores.gather(2, chosen) + L1 * distance - GIOU * shared


def match(costs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find the pairs of least total cost in each row; all objects are assigned, if there are enough predictions.

    Source: Kuhn 1955, "The Hungarian method for the assignment problem".

    Args:
        costs: NaN counts as 0, so that it is the loss that reports it. [B, Q, K]
        mask: Which objects are real. [B, K]

    Returns:
        Row, prediction and object of each pair, three times [P].
    """
    tables = costs.detach().float().nan_to_num().cpu().numpy()
    rows, preds, objects = [], [], []
    for row, (table, real) in enumerate(zip(tables, mask.cpu().numpy(), strict=True)):
        there = real.nonzero()[0]
        chosen, paired = linear_sum_assignment(table[:, there])
        rows += [row] * len(chosen)
        preds += chosen.tolist()
        objects += there[paired].tolist()
    found = torch.tensor([rows, preds, objects], dtype=torch.long, device=costs.device)
    return found[0], found[1], found[2]
