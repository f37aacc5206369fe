from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.head.detection.base import DetectionTargets, Detector
from mmexp.head.detection.dense import DenseDetector
from mmexp.head.detection.query import QueryDetector

DIM, CLASSES = 16, 3


def detectors() -> list[Detector]:
    torch.manual_seed(0)
    return [
        DenseDetector(dim=DIM, num_classes=CLASSES, depth=1),
        QueryDetector(dim=DIM, num_classes=CLASSES, queries=6, depth=2),
    ]


every = pytest.mark.parametrize("detector", detectors(), ids=["dense", "set"])


def targets(rows: int, objects: int, known: bool = True) -> DetectionTargets:
    torch.manual_seed(1)
    first = torch.rand(rows, objects, 2) * 0.5
    boxes = torch.cat([first, first + 0.2 + torch.rand(rows, objects, 2) * 0.3], -1)
    mask = torch.ones(rows, objects, dtype=torch.bool)
    return DetectionTargets(Padded(boxes, mask), torch.randint(CLASSES, (rows, objects)), torch.full((rows,), known))


@every
def test_boxes_and_scores_have_their_shape_and_range(detector):
    outputs = detector(torch.randn(2, DIM, 4, 4))
    boxes, scores = outputs["boxes"], outputs["scores"]
    assert boxes.shape[:2] == scores.shape[:2] and boxes.shape[2] == 4 and scores.shape[2] == CLASSES
    assert (boxes[..., 2:] > boxes[..., :2]).all() and (scores >= 0).all() and (scores <= 1).all()


@every
@pytest.mark.parametrize("change", ["unknown", "empty", "padding", "unseen"])
def test_losses_stay_finite_without_any_object(detector, change):
    given = targets(2, 3, known=change != "unknown")
    if change == "empty":
        given.boxes.mask.zero_()
    if change == "padding":
        given = DetectionTargets(
            Padded(given.boxes.values * 0, given.boxes.mask & False), given.classes * 0, given.known
        )
    if change == "unseen":
        given.classes.fill_(-100)
    loss = torch.stack(list(detector.losses(detector(torch.randn(2, DIM, 4, 4)), given).values())).sum()
    detector.zero_grad()
    loss.backward()
    assert loss.isfinite() and all(p.grad is None or p.grad.isfinite().all() for p in detector.parameters())
    assert (loss == 0) == (change == "unknown")


@every
def test_padding_and_unknown_rows_change_no_loss(detector):
    detector.eval()
    given, grid = targets(3, 2), torch.randn(3, DIM, 4, 4)
    boxes, mask = given.boxes.values, given.boxes.mask
    few = DetectionTargets(Padded(boxes[:2], mask[:2]), given.classes[:2], given.known[:2])
    expected = detector.losses(detector(grid[:2]), few)
    wide = Padded(F.pad(boxes, (0, 0, 0, 1), value=9.0), F.pad(mask, (0, 1)))
    more = DetectionTargets(wide, F.pad(given.classes, (0, 1)), torch.tensor([True, True, False]))
    losses = detector.losses(detector(grid), more)
    assert losses and losses.keys() == expected.keys()
    for name, value in losses.items():
        torch.testing.assert_close(value, expected[name], atol=1e-4, rtol=1e-4)
