"""Mean average precision of detection, as COCO measures it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mmexp.analysis.recompute import Metric, Row, Weights
from mmexp.run.summary import RunRow

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""IoU from which a prediction counts as found."""
RECALLS = np.linspace(0, 1, 101)
_MOST = 100  # predictions that count per image and class
_CHUNK = 2_000_000  # numbers at once


@dataclass(frozen=True)
class _Class:
    """The predictions of one class, the most confident first.

    Args:
        images: Image of each. [n]
        right: Whether it has found an object, at each threshold. [n, T]
        objects: Number of objects in each image. [N]
    """

    images: np.ndarray
    right: np.ndarray
    objects: np.ndarray


def follow(name: str, rows: Sequence[Row], run: RunRow) -> Metric | None:
    """Return ``map`` or ``map50``, where images count several times or not at all.

    Source: Lin et al. 2014, "Microsoft COCO", and the detection evaluation at https://cocodataset.org/#detection-eval.
    """
    if name not in ("map", "map50") or "boxes" not in rows[0]:
        return None
    thresholds = THRESHOLDS[:1] if name == "map50" else THRESHOLDS
    classes = list(_classes(rows, thresholds))
    return lambda weights: np.concatenate([_value(classes, part) for part in _parts(classes, weights)])


def _classes(rows: Sequence[Row], thresholds: np.ndarray) -> Iterator[_Class]:
    for name in sorted({one["category"] for row in rows for one in row["target"]}):
        images, scores, right, objects = [], [], [], []
        for number, row in enumerate(rows):
            true = _corners([one["bbox"] for one in row["target"] if one["category"] == name])
            own = [i for i, category in enumerate(row["categories"]) if category == name]
            marks = np.array([row["scores"][i] for i in own], np.float32)
            order = np.argsort(-marks, kind="stable")[:_MOST]
            boxes = _corners([row["boxes"][own[i]] for i in order])
            images += [number] * len(order)
            scores.append(marks[order])
            right.append(claim(overlaps(boxes, true), thresholds))
            objects.append(len(true))
        order = np.argsort(-np.concatenate(scores), kind="stable")
        yield _Class(np.array(images, int)[order], np.concatenate(right)[order], np.array(objects, float))


def _corners(boxes: Sequence[Sequence[float]]) -> np.ndarray:
    """From left, top, width and height, in single precision as they were measured. -> [k, 4]"""
    table = np.array(boxes, np.float32).reshape(-1, 4)
    return np.concatenate([table[:, :2], table[:, :2] + table[:, 2:]], 1).astype(float)


def overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """IoU of every pair. [n, 4], [m, 4] -> [n, m]"""
    first = np.maximum(boxes[:, None, :2], others[None, :, :2])
    last = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    both = (last - first).clip(0).prod(-1)
    own, theirs = ((part[:, 2:] - part[:, :2]).prod(-1) for part in (boxes, others))
    return np.asarray(both / np.maximum(own[:, None] + theirs[None] - both, 1e-12))


def claim(ious: np.ndarray, thresholds: np.ndarray = THRESHOLDS) -> np.ndarray:
    """Return whether each prediction, the most confident first, gets an object at each threshold. [n, m] -> [n, T]

    It gets the one of highest IoU of those that are left; of equals, the last.
    """
    right = np.zeros((len(ious), len(thresholds)), bool)
    taken = np.zeros((len(thresholds), ious.shape[1]), bool)
    for number, row in enumerate(ious) if ious.shape[1] else ():
        left = np.where(taken, -1, row)
        best = left.shape[1] - 1 - left[:, ::-1].argmax(1)
        right[number] = left[np.arange(len(left)), best] >= np.minimum(thresholds, 1 - 1e-10)
        taken[right[number], best[right[number]]] = True
    return right


def _parts(classes: Sequence[_Class], weights: Weights) -> list[np.ndarray]:
    most = max((len(one.images) for one in classes), default=1)
    return np.array_split(weights, max(1, len(weights) * most // _CHUNK))


def _value(classes: Sequence[_Class], weights: Weights) -> np.ndarray:
    """Mean over the classes that have objects, and over thresholds. [b, N] -> [b]"""
    table = np.stack([_precisions(one, weights) for one in classes], -1)  # [b, classes]
    return np.asarray(np.nanmean(table, axis=-1))


def _precisions(one: _Class, weights: Weights) -> np.ndarray:
    """Mean over 101 recalls of the best precision at that recall or above; NaN without objects. [b, N] -> [b]"""
    own, number = weights[:, one.images], weights @ one.objects
    found, values = own.cumsum(1), []
    for right in one.right.T:
        hits = (own * right).cumsum(1)
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = np.where(found > 0, hits / found, 0.0)
            recall = hits / number[:, None]
        best = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
        best = np.concatenate([best, np.zeros((len(best), 1))], 1)
        positions = [np.searchsorted(row, RECALLS) for row in recall]
        values.append([row[place].mean() for row, place in zip(best, positions, strict=True)])
    return np.where(number > 0, np.mean(values, 0), np.nan)
