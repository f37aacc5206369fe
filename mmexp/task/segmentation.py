"""Segmentation: the class of every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.loss.mean import mean
from mmexp.metric.overlap import Overlap, count, iou
from mmexp.plot.regions import bars, regions
from mmexp.task.base_dense import DenseTask
from mmexp.transform.mask import IGNORE, MaskTransform, look_up, spread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 12  # images shown


class Segmentation(DenseTask):
    """Fuse each token of the image with the other inputs, then enlarge the grid of tokens to a mask.

    With the image alone it is plain segmentation. With a text that names what is meant (``inputs=[image,
    text]`` and a mask of that alone, such as ``region``), each token is fused with the text, and it is referring
    segmentation. The same holds for audio and its source.

    Metrics: ``miou`` and ``dice``, over the part of each image that the encoder sees; pixels marked 255 do not count.
    Answered masks are as large as the raw images, with 255 where the encoder sees nothing.

    Source: Long et al. 2015, "Fully Convolutional Networks", https://arxiv.org/abs/1411.4038, sec. 3.3, enlarged by the
    sub-pixel convolutions of Shi et al. 2016, https://arxiv.org/abs/1609.05158, eq. 4. Differs: no skip connections, as
    tokens come from one depth of the encoder only; fine borders must be predicted from the token at their position.

    Args:
        dim: Width D of the tokens.
        classes: Names by number.
        target: Name of the target that holds the mask.
        mask_size: Side of the masks it learns from and is measured on, in pixels of what the encoder sees.
        upsample: How often the head doubles the grid; what is left to mask_size is interpolated.
        dice_weight: Weight of the Dice loss in addition to cross entropy; 0 leaves it out.
        dropout: Probability of dropping a channel of the tokens before the head.

    Raises:
        ValueError: If there are fewer than 2 or more than 255 classes.
    """

    monitor = "miou"
    mode = "max"

    def __init__(
        self,
        *,
        dim: int,
        classes: Sequence[str],
        target: str,
        mask_size: int = 64,
        upsample: int = 2,
        dice_weight: float = 0.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if not 2 <= len(classes) <= IGNORE:
            raise ValueError(f"Segmentation: classes must be 2 to {IGNORE}, got {len(classes)}.")
        self.classes, self.mask_size, self.dice_weight = list(classes), mask_size, dice_weight
        self.target, self.targets = target, (target,)
        widths = [dim, *(max(16, dim // 2**i) for i in range(1, upsample + 1))]
        doublings = [doubling(*pair) for pair in pairwise(widths)]
        self.head = nn.Sequential(nn.Dropout2d(dropout), *doublings, nn.Conv2d(widths[-1], len(classes), 3, 1, 1))
        self.head.to(memory_format=torch.channels_last)

    def transforms(self) -> Mapping[str, MaskTransform]:
        return {self.target: MaskTransform(mask_size=self.mask_size, num_classes=len(self.classes))}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        logits = self.head(self.fuse(tokens, fusion)).float()  # [B, C, h * 2^upsample, w * 2^upsample]
        size = (self.mask_size, self.mask_size)
        return {"logits": F.interpolate(logits, size, mode="bilinear", align_corners=False)}  # [B, C, S, S]

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        logits, targets = outputs["logits"], self.target_mask(batch)
        total = F.cross_entropy(logits, targets, ignore_index=IGNORE, reduction="sum")
        losses = {"mask": mean(total, (targets != IGNORE).sum(), len(batch), everywhere=self.training)}
        return losses | ({"dice": self.dice_weight * dice_loss(logits, targets)} if self.dice_weight else {})

    def metrics(self) -> MetricCollection:
        return MetricCollection({"overlap": Overlap(num_classes=len(self.classes))})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        metrics["overlap"].update(count(outputs["logits"].argmax(1), self.target_mask(batch), len(self.classes)))

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        scores, preds = outputs["logits"].softmax(1).max(1)  # [B, S, S]
        masks = spread(preds, self.images(batch))
        columns = zip(batch.ids, masks, scores.mean((1, 2)).tolist(), strict=True)
        rows: list[dict[str, Any]] = [{"id": i, "mask": mask, "score": score} for i, mask, score in columns]
        if self.target not in batch.targets:
            return rows
        overlaps = iou(count(preds, self.target_mask(batch), len(self.classes))).tolist()
        return [row | {"iou": self.named(overlap)} for row, overlap in zip(rows, overlaps, strict=True)]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw some images next to their predicted and true masks; and the IoU of each class, over all pixels."""
        pairs = [(row, sample) for row, sample in zip(rows, samples, strict=True) if row["mask"] is not None]
        if not pairs:
            return {}
        masks = [[row["mask"], *_true(sample, self.target)] for row, sample in pairs]  # predicted, and true if known
        shown = pairs[:SHOWN]
        images, titles = [sample.inputs["image"] for _, sample in shown], [_title(row) for row, _ in shown]
        figures = {"masks": regions(images, masks[:SHOWN], titles, self.classes)}
        counts = [count(_numbers(mask), _numbers(truth), len(self.classes)) for mask, *true in masks for truth in true]
        return figures | ({"iou": bars(iou(torch.cat(counts).sum(0)).tolist(), self.classes, "IoU")} if counts else {})

    def target_mask(self, batch: Batch) -> Tensor:
        """Return the class of each visible pixel, IGNORE where it is not known. -> [B, S, S]"""
        side, masks = self.mask_size, batch.targets.get(self.target)
        if masks is None:
            return torch.full((len(batch), side, side), IGNORE, device=batch.inputs["image"].values.device)
        return look_up(masks, self.images(batch))

    def named(self, overlap: Sequence[float]) -> dict[str, float]:
        """IoU by class, of those that are there."""
        return {name: value for name, value in zip(self.classes, overlap, strict=True) if value == value}


def doubling(channels: int, width: int) -> nn.Sequential:
    """A convolution to four values of each feature, laid out as 2 x 2. [B, C, H, W] -> [B, C2, 2 H, 2 W]"""
    convolution = nn.Conv2d(channels, 4 * width, 3, 1, 1, bias=False)
    return nn.Sequential(convolution, nn.PixelShuffle(2), nn.BatchNorm2d(width), nn.ReLU())


def dice_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """``1 - (2 sum(p g) + 1) / (sum(p) + sum(g) + 1)``, the mean over classes. [B, C, S, S], [B, S, S] -> []

    Source: Milletari et al. 2016, "V-Net", https://arxiv.org/abs/1606.04797, sec. 3. Differs: p and g are summed, not
    their squares, and over the whole batch; a class that occurs nowhere in it does not count.
    """
    known = targets != IGNORE  # [B, S, S]
    true = F.one_hot(targets.masked_fill(~known, 0), logits.shape[1]).movedim(-1, 1) * known.unsqueeze(
        1
    )  # [B, C, S, S]
    likely = logits.softmax(1) * known.unsqueeze(1)
    both, either = (likely * true).sum((0, 2, 3)), (likely + true).sum((0, 2, 3))  # [C]
    there = true.sum((0, 2, 3)) > 0
    return ((1 - (2 * both + 1) / (either + 1)) * there).sum() / there.sum().clamp(min=1)


def _true(sample: Sample, target: str) -> list[np.ndarray]:
    return [sample.targets[target]] if target in sample.targets else []


def _numbers(mask: np.ndarray) -> Tensor:
    return torch.from_numpy(mask.astype(int))[None]


def _title(row: Mapping[str, Any]) -> str:
    scores = "  ".join(f"{name} {value:.2f}" for name, value in row.get("iou", {}).items())
    return f"{row['id']}\n{scores}"
