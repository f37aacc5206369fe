"""The share of an explanation that lies in the box of an object."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmexp.contract import Sample
from mmexp.study.explain.question import Question
from mmexp.transform.view import Images


def in_box(question: Question, values: Tensor, sample: Sample) -> dict[str, float] | None:
    """Compute which share of what speaks for the answer in the image lies in the box of its largest object.

    Args:
        question: What is explained.
        values: What each part counts. [P]
        sample: With ``objects`` among its targets.

    Returns:
        ``in_box``, and ``box``: the share of the image that the box is, which is what a blind explanation gives. None
        where there is no image, no box, or nothing that speaks for the answer.
    """
    name = next((one for one in question.parts if isinstance(question.batch.inputs[one], Images)), "")
    boxes = [one["bbox"] for one in _objects(sample) if one.get("bbox")]
    if not name or not boxes:
        return None
    inside = _inside(question, name, max(boxes, key=lambda box: box[2] * box[3]))
    speaks = question.split(values)[name].clamp(min=0)
    if not float(speaks.sum()) > 0:
        return None
    place = question.parts[name].place
    sizes = torch.bincount(place.flatten(), minlength=len(speaks))
    shares = torch.bincount(place[inside], minlength=len(speaks)) / sizes
    return {"in_box": float((speaks * shares).sum() / speaks.sum()), "box": float(inside.float().mean())}


def _objects(sample: Sample) -> list[Any]:
    return list(sample.targets["objects"]) if "objects" in sample.targets else []


def _inside(question: Question, name: str, box: list[float]) -> Tensor:
    """Which pixels that the model sees lie in a box of the whole image. bool [H, W]"""
    images = question.batch.inputs[name]
    height, width = images.values.shape[-2:]
    matrix = images.matrices[0].cpu().numpy()  # type: ignore[attr-defined]
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    across, down = (matrix[i, 0] * x + matrix[i, 1] * y + matrix[i, 2] for i in (0, 1))
    left, top, wide, high = box
    return torch.from_numpy((across >= left) & (across < left + wide) & (down >= top) & (down < top + high))
