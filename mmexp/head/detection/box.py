"""Arithmetic of boxes, which are corners (left, top, right, bottom) in any unit. Leading dimensions broadcast."""

from __future__ import annotations

import torch
from torch import Tensor

from mmexp.transform.view import Images


def area(boxes: Tensor) -> Tensor:
    """Width times height, 0 for a box that is turned inside out. [..., 4] -> [...]"""
    width, height = (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).unbind(-1)
    return width * height


def overlap(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """IoU of each pair, and the area of their union. [..., 4], [..., 4] -> [...], [...]"""
    both = area(torch.cat([torch.max(one[..., :2], other[..., :2]), torch.min(one[..., 2:], other[..., 2:])], -1))
    union = area(one) + area(other) - both
    return both / union.clamp(min=1e-9), union


def iou(one: Tensor, other: Tensor) -> Tensor:
    """Intersection over union of each pair. [..., 4], [..., 4] -> [...]"""
    return overlap(one, other)[0]


def giou(one: Tensor, other: Tensor) -> Tensor:
    """Compute IoU less the fraction of the smallest enclosing box that is in neither, in [-1, 1].

    [..., 4], [..., 4] -> [...]

    Source: Rezatofighi et al. 2019, "Generalized Intersection over Union", https://arxiv.org/abs/1902.09630, alg. 1.
    """
    intersection, union = overlap(one, other)
    around = area(torch.cat([torch.min(one[..., :2], other[..., :2]), torch.max(one[..., 2:], other[..., 2:])], -1))
    return intersection - (around - union) / around.clamp(min=1e-9)


def corners(centred: Tensor) -> Tensor:
    """From (centre x, centre y, width, height). [..., 4] -> [..., 4]"""
    centre, half = centred[..., :2], centred[..., 2:] / 2
    return torch.cat([centre - half, centre + half], -1)


def centred(boxes: Tensor) -> Tensor:
    """To (centre x, centre y, width, height). [..., 4] -> [..., 4]"""
    first, last = boxes[..., :2], boxes[..., 2:]
    return torch.cat([(first + last) / 2, last - first], -1)


def into_view(boxes: Tensor, images: Images) -> Tensor:
    """Map boxes in pixels of images to fractions of their view; a rotated one to its outline. [B, K, 4]"""
    return _outline(images.to_view(_points(boxes)), boxes.shape).clamp(0, 1)


def into_image(boxes: Tensor, images: Images) -> Tensor:
    """The reverse of ``into_view``, cut off at the borders of the image. [B, K, 4] -> [B, K, 4]"""
    outline = _outline(images.to_image(_points(boxes)), boxes.shape)
    return torch.min(outline.clamp(min=0), images.sizes.repeat(1, 2)[:, None])


def _points(boxes: Tensor) -> Tensor:
    """The four points of each box. [B, K, 4] -> [B, 4 * K, 2]"""
    return boxes[..., [0, 1, 2, 1, 2, 3, 0, 3]].reshape(boxes.shape[0], -1, 2)


def _outline(points: Tensor, shape: torch.Size) -> Tensor:
    """The upright box around each four points. [B, 4 * K, 2] -> [B, K, 4]"""
    four = points.view(*shape[:2], 4, 2)
    return torch.cat([four.amin(2), four.amax(2)], -1)
