"""Every place of the grid answers with a box."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Outputs
from mmexp.head.detection.base import DetectionTargets, Detector
from mmexp.head.detection.box import area, centred, corners, giou, iou
from mmexp.transform.mask import centres

RADIUS = 1.5  # cells around an object's centre that answer for it
PRIOR = 0.01  # score of every class before training


class DenseDetector(Detector):
    """Let each place of the grid score the classes and draw a box, and tell how well it is drawn.

    The places in an object's box near its centre learn to answer with it, the place of its centre in any case; where
    boxes lie upon one another, the smallest counts. Scores are ``sqrt(class * quality)``. What several places answer is
    for non-maximum suppression to thin out.

    Source: Tian et al. 2019, "FCOS", https://arxiv.org/abs/1904.01355, secs. 3.1 and 3.3. Differs: one level; a box is
    told by its centre and size from the place, so that one smaller than a cell can be told too; quality is the box's
    IoU instead of the place's centre-ness, as in Wu et al. 2020, "IoU-aware", https://arxiv.org/abs/1912.05992.

    Args:
        dim: Width D of the tokens.
        num_classes: Classes C.
        depth: Convolutions before the answer.

    Shape:
        [B, D, h, w] -> P = h w boxes.
    """

    def __init__(self, *, dim: int, num_classes: int, depth: int = 2) -> None:
        super().__init__()
        self.tower = nn.Sequential()
        for _ in range(depth):
            self.tower.extend([nn.Conv2d(dim, dim, 3, 1, 1, bias=False), nn.BatchNorm2d(dim), nn.ReLU()])
        self.answer = nn.Conv2d(dim, num_classes + 5, 1)
        self.answer.bias = nn.Parameter(torch.zeros(num_classes + 5))
        with torch.no_grad():
            self.answer.weight[num_classes:] *= 0.1
            self.answer.bias[:num_classes] = -math.log(1 / PRIOR - 1)
        self.to(memory_format=torch.channels_last)

    def forward(self, grid: Tensor) -> Outputs:
        answers = self.answer(self.tower(grid)).float().flatten(2).mT  # [B, P, C + 5]
        logits, quality, moves = answers.split([answers.shape[-1] - 5, 1, 4], -1)
        side = grid.shape[-1]
        places = centres(side, side, grid.device)  # [P, 2]
        sizes = moves[..., 2:].clamp(-5, 5).exp() * 2
        boxes = corners(torch.cat([places + moves[..., :2] / side, sizes / side], -1))
        scores = (logits.sigmoid() * quality.sigmoid()).sqrt()
        return {"boxes": boxes, "scores": scores, "logits": logits, "quality": quality[..., 0]}

    def losses(self, outputs: Outputs, goals: DetectionTargets) -> dict[str, Tensor]:
        logits, boxes, quality = (outputs[name][goals.known] for name in ("logits", "boxes", "quality"))
        truth, classes, real = (part[goals.known] for part in (goals.boxes.values, goals.classes, goals.boxes.mask))
        chosen = assign(truth, real, math.isqrt(logits.shape[1]))  # [B, P]
        taken = chosen >= 0
        count = taken.sum().clamp(min=1)
        kinds = classes.gather(1, chosen.clamp(min=0))  # [B, P]
        wanted = F.one_hot(kinds.clamp(min=0), logits.shape[-1]) * (taken & (kinds >= 0))[..., None]
        there = truth.gather(1, chosen.clamp(min=0)[..., None].expand(-1, -1, 4))[taken]
        drawn = boxes[taken]
        return {
            "class": focal_loss(logits, wanted.to(logits.dtype)) / count,
            "box": (1 - giou(drawn, there)).sum() / count,
            "quality": F.binary_cross_entropy_with_logits(quality[taken], iou(drawn.detach(), there), reduction="sum")
            / count,
        }


def assign(boxes: Tensor, real: Tensor, side: int) -> Tensor:
    """The object that each place of the grid answers for, -1 for none. [B, K, 4], [B, K] -> [B, side * side]"""
    places = centres(side, side, boxes.device)[:, None]  # [P, 1, 2]
    boxes = boxes[:, None]  # [B, 1, K, 4]
    middle = centred(boxes)[..., :2]
    away = (places - middle).abs().amax(-1) * side  # [B, P, K], in cells
    inside = ((places >= boxes[..., :2]) & (places <= boxes[..., 2:])).all(-1)
    own = ((middle * side).floor().clamp(0, side - 1) == (places * side).floor()).all(-1)
    able = (inside & (away <= RADIUS) | own) & real[:, None]
    sizes = area(boxes).expand_as(able).masked_fill(~able, torch.inf)
    least, chosen = sizes.min(-1)
    return chosen.masked_fill(least.isinf(), -1)


def focal_loss(logits: Tensor, wanted: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Cross entropy of sigmoids in which what is nearly right hardly counts, summed. [...], [...] -> []

    Source: Lin et al. 2017, "Focal Loss for Dense Object Detection", https://arxiv.org/abs/1708.02002, eq. 5.
    """
    scores = logits.sigmoid()
    wrong = scores * (1 - wanted) + (1 - scores) * wanted
    weight = alpha * wanted + (1 - alpha) * (1 - wanted)
    return (weight * wrong**gamma * F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")).sum()
