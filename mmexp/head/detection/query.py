"""A fixed number of learned queries pred with a box each."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Outputs
from mmexp.fusion.attention import CrossAttentionLayer
from mmexp.head.detection.assignment import CLASS, GIOU, L1, costs, match
from mmexp.head.detection.base import DetectionTargets, Detector
from mmexp.head.detection.box import centred, corners, giou
from mmexp.layer.attention import SelfAttentionBlock

NOTHING = 0.1  # weight of the queries that predict no object


class QueryDetector(Detector):
    """Let learned queries attend to the tokens and to one another, and predict one object each, or none.

    Each query learns from the object it is assigned at least total cost; no suppression is needed. Every layer's
    predictions are trained, the last one's are returned.

    Source: Carion et al. 2020, "End-to-End Object Detection with Transformers", https://arxiv.org/abs/2005.12872,
    sec. 3. Differs: no encoder, as the fusion replaces it; each query predicts its box from a learned point, as
    in Zhu et al. 2021, "Deformable DETR", https://arxiv.org/abs/2010.04159, appendix A.3, and learns much sooner.

    Args:
        dim: Width D of the tokens.
        num_classes: Classes C.
        queries: Objects it can predict at most, P.
        depth: Layers.
        num_heads: Attention heads.

    Shape:
        [B, D, h, w] -> P boxes.
    """

    def __init__(self, *, dim: int, num_classes: int, queries: int, depth: int = 2, num_heads: int = 4) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(queries, dim))
        self.points = nn.Parameter(torch.rand(queries, 2) * 4 - 2)  # logits of x and y
        self.among = nn.ModuleList(SelfAttentionBlock(dim, num_heads) for _ in range(depth))
        self.at = nn.ModuleList(CrossAttentionLayer(dim, num_heads, 4.0, 0.0) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        self.kind = nn.Linear(dim, num_classes + 1)
        self.draw = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, 4))

    def forward(self, grid: Tensor) -> Outputs:
        tokens = grid.flatten(2).mT  # [B, N, D]
        x, states = self.queries.expand(tokens.shape[0], -1, -1), []
        for among, at in zip(self.among, self.at, strict=True):
            x = at(among(x, None), *at.project(tokens), None)  # type: ignore[operator]
            states.append(x)
        hidden = self.norm(torch.stack(states))  # [L, B, P, D]
        logits, moves = self.kind(hidden).float(), self.draw(hidden).float()
        boxes = corners((moves + F.pad(self.points, (0, 2), value=-1.5)).sigmoid())
        return {
            "boxes": boxes[-1],
            "scores": logits[-1].softmax(-1)[..., :-1],
            "all_boxes": boxes,
            "all_logits": logits,
        }

    def losses(self, outputs: Outputs, targets: DetectionTargets) -> dict[str, Tensor]:
        layers = zip(outputs["all_logits"], outputs["all_boxes"], strict=True)
        every = [self.layer_losses(logits, boxes, targets) for logits, boxes in layers]
        return {name: torch.stack([losses[name] for losses in every]).sum() for name in every[0]}

    def layer_losses(self, logits: Tensor, boxes: Tensor, targets: DetectionTargets) -> dict[str, Tensor]:
        """Compute the losses of one layer's predictions. [B, P, C + 1], [B, P, 4]"""
        real = targets.boxes.mask & targets.known[:, None] & (targets.classes >= 0)
        row, pred, number = match(costs(logits.softmax(-1), boxes, targets.boxes, targets.classes), real)
        nothing = logits.shape[-1] - 1
        kinds = torch.full(logits.shape[:2], nothing, device=logits.device)  # [B, P]
        kinds[row, pred] = targets.classes[row, number]
        kinds = kinds.masked_fill(~targets.known[:, None], -100)
        weight = torch.ones(nothing + 1, device=logits.device)
        weight[nothing] = NOTHING
        total = F.cross_entropy(logits.flatten(0, 1), kinds.flatten(), weight, reduction="sum")
        drawn, there = boxes[row, pred], targets.boxes.values[row, number]
        count = max(1, len(row))
        return {
            "class": CLASS * total / weight[kinds[kinds >= 0]].sum().clamp(min=1),
            "box": L1 * (centred(drawn) - centred(there)).abs().sum() / count,
            "giou": GIOU * (1 - giou(drawn, there)).sum() / count,
        }
