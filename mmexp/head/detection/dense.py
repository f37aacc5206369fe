"""Predict a box at every position of the grid."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Outputs
from mmexp.head.detection.base import DetectionTargets, Detector
from mmexp.head.detection.box import area, centred, corners, giou, iou
from mmexp.transform.mask import centres

RADIUS = 1.5  # cells around an object's centre that predict it
PRIOR = 0.01  # score of every class before training


class DenseDetector(Detector):
    """Score the classes, predict a box and its quality at each position of the grid.

    The positions in an object's box near its centre learn to predict it, the position of its centre in any case; where
    boxes overlap, the smallest counts. Scores are ``sqrt(class * quality)``. What several positions predict is
    for non-maximum suppression to thin out.

    Source: Tian et al. 2019, "FCOS", https://arxiv.org/abs/1904.01355, secs. 3.1 and 3.3. Differs: one level; a box is
    predicted by its centre and size from the position, so that one smaller than a cell can be predicted too; quality is
    the box's IoU instead of the position's centre-ness, as in Wu et al. 2020, "IoU-aware",
    https://arxiv.org/abs/1912.05992.

    Args:
        dim: Width D of the tokens.
        num_classes: Classes C.
        depth: Convolutions before the prediction.

    Shape:
        [B, D, h, w] -> P = h w boxes.
    """

    def __init__(self, *, dim: int, num_classes: int, depth: int = 2) -> None:
        super().__init__()
        self.tower = nn.Sequential()
        for _ in range(depth):
            self.tower.extend([nn.Conv2d(dim, dim, 3, 1, 1, bias=False), nn.BatchNorm2d(dim), nn.ReLU()])
        self.predictor = nn.Conv2d(dim, num_classes + 5, 1)
        self.predictor.bias = nn.Parameter(torch.zeros(num_classes + 5))
        with torch.no_grad():
            self.predictor.weight[num_classes:] *= 0.1
            self.predictor.bias[:num_classes] = -math.log(1 / PRIOR - 1)
        self.to(memory_format=torch.channels_last)

    def forward(self, grid: Tensor) -> Outputs:
        preds = self.predictor(self.tower(grid)).float().flatten(2).mT  # [B, P, C + 5]
        logits, quality, moves = preds.split([preds.shape[-1] - 5, 1, 4], -1)
        side = grid.shape[-1]
        positions = centres(side, side, grid.device)  # [P, 2]
        sizes = moves[..., 2:].clamp(-5, 5).exp() * 2
        boxes = corners(torch.cat([positions + moves[..., :2] / side, sizes / side], -1))
        scores = (logits.sigmoid() * quality.sigmoid()).sqrt()
        return {"boxes": boxes, "scores": scores, "logits": logits, "quality": quality[..., 0]}

    def losses(self, outputs: Outputs, targets: DetectionTargets) -> dict[str, Tensor]:
        logits, boxes, quality = (outputs[name][targets.known] for name in ("logits", "boxes", "quality"))
        truth, classes, real = (
            part[targets.known] for part in (targets.boxes.values, targets.classes, targets.boxes.mask)
        )
        chosen = assign(truth, real, math.isqrt(logits.shape[1]))  # [B, P]
        assigned = chosen >= 0
        count = assigned.sum().clamp(min=1)
        kinds = classes.gather(1, chosen.clamp(min=0))  # [B, P]
        target = F.one_hot(kinds.clamp(min=0), logits.shape[-1]) * (assigned & (kinds >= 0))[..., None]
        there = truth.gather(1, chosen.clamp(min=0)[..., None].expand(-1, -1, 4))[assigned]
        drawn = boxes[assigned]
        return {
            "class": focal_loss(logits, target.to(logits.dtype)) / count,
            "box": (1 - giou(drawn, there)).sum() / count,
            "quality": F.binary_cross_entropy_with_logits(
                quality[assigned], iou(drawn.detach(), there), reduction="sum"
            )
            / count,
        }


def assign(boxes: Tensor, real: Tensor, side: int) -> Tensor:
    """Return the object that each position of the grid predicts, -1 for none. [B, K, 4], [B, K] -> [B, side * side]"""
    positions = centres(side, side, boxes.device)[:, None]  # [P, 1, 2]
    boxes = boxes[:, None]  # [B, 1, K, 4]
    middle = centred(boxes)[..., :2]
    away = (positions - middle).abs().amax(-1) * side  # [B, P, K], in cells
    inside = ((positions >= boxes[..., :2]) & (positions <= boxes[..., 2:])).all(-1)
    own = ((middle * side).floor().clamp(0, side - 1) == (positions * side).floor()).all(-1)
    able = (inside & (away <= RADIUS) | own) & real[:, None]
    sizes = area(boxes).expand_as(able).masked_fill(~able, torch.inf)
    least, chosen = sizes.min(-1)
    return chosen.masked_fill(least.isinf(), -1)


def focal_loss(logits: Tensor, target: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Cross entropy of sigmoids in which what is nearly right hardly counts, summed. [...], [...] -> []

    Source: Lin et al. 2017, "Focal Loss for Dense Object Detection", https://arxiv.org/abs/1708.02002, eq. 5.
    """
    scores = logits.sigmoid()
    wrong = scores * (1 - target) + (1 - scores) * target
    weight = alpha * target + (1 - alpha) * (1 - target)
    return (weight * wrong**gamma * F.binary_cross_entropy_with_logits(logits, target, reduction="none")).sum()
