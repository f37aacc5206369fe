from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision import ops

from mmexp.head.detection import box
from mmexp.transform.image import ImageTransform

VARIED = {"crop": 0.5, "flip": 1.0, "shift": 0.05, "zoom": 0.1}


def draw(count: int, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    first = torch.rand(count, 2)
    return torch.cat([first, first + torch.rand(count, 2) * 0.6], 1)


def test_areas_and_overlaps_are_those_of_torchvision():
    one, other = draw(20), draw(30, 1)
    pairs = one[:, None], other[None]
    torch.testing.assert_close(box.area(one), ops.box_area(one))
    torch.testing.assert_close(box.iou(*pairs), ops.box_iou(one, other))
    torch.testing.assert_close(box.giou(*pairs), ops.generalized_box_iou(one, other))
    torch.testing.assert_close(
        (1 - box.giou(one, other[:20])).sum(), ops.generalized_box_iou_loss(one, other[:20], reduction="sum")
    )


def test_centres_and_corners_are_those_of_torchvision():
    boxes = draw(9)
    torch.testing.assert_close(box.centred(boxes), ops.box_convert(boxes, "xyxy", "cxcywh"))
    torch.testing.assert_close(box.corners(box.centred(boxes)), boxes)


def test_a_box_without_area_overlaps_nothing_and_has_finite_gradients():
    point = torch.full((1, 4), 0.5, requires_grad=True)
    (box.iou(point, point) + box.giou(point, draw(1))).sum().backward()
    assert box.iou(point, point) == 0 and point.grad.isfinite().all()
    assert box.area(torch.tensor([0.5, 0.5, 0.2, 0.2])) == 0


@pytest.mark.parametrize("options", [{}, VARIED])
@pytest.mark.parametrize("resize", ["crop", "squash"])
def test_a_box_is_found_where_its_object_is_seen(options, resize):
    raw = np.zeros((60, 90, 3), np.uint8)
    left, top, right, bottom = 38, 22, 56, 37
    raw[top:bottom, left:right] = 255
    transform = ImageTransform(image_size=64, resize=resize, **options)
    images = transform.collate([transform.augment(transform.prepare(raw), np.random.default_rng(2))])
    boxes = torch.tensor([[[left, top, right, bottom]]]).float()
    found = box.into_view(boxes, images)
    row, column = (images.values[0, 0] > 127).nonzero().unbind(1)
    expected = torch.stack([column.min(), row.min(), column.max() + 1, row.max() + 1]) / 64
    torch.testing.assert_close(found[0, 0], expected, atol=0.02, rtol=0)
    torch.testing.assert_close(box.into_image(found, images), boxes, atol=1e-3, rtol=1e-4)


def test_what_lies_outside_is_cut_off():
    transform = ImageTransform(image_size=10)
    images = transform.collate([transform.prepare(np.zeros((10, 20, 3), np.uint8))])
    seen = box.into_view(torch.tensor([[[0.0, 2, 10, 8], [0, 0, 4, 9]]]), images)
    torch.testing.assert_close(seen[0, 0], torch.tensor([0, 0.2, 0.5, 0.8]))
    assert box.area(seen)[0, 1] == 0
    whole = box.into_image(torch.tensor([[[-1.0, -1, 2, 2]]]), images)
    assert whole.tolist() == [[[0, 0, 20, 10]]]


def test_a_turned_box_is_told_by_its_outline():
    transform = ImageTransform(image_size=100, rotate=45)
    images = transform.collate(
        [transform.augment(transform.prepare(np.zeros((100, 100, 3), np.uint8)), np.random.default_rng(0))]
    )
    seen = box.into_view(torch.tensor([[[40.0, 40, 60, 60]]]), images)
    cosine, sine = images.matrices[0, 0, :2].abs().tolist()
    side = 0.2 * (cosine + sine) / 100 / (cosine**2 + sine**2) * 10000
    torch.testing.assert_close(seen[0, 0, 2:] - seen[0, 0, :2], torch.full((2,), side), atol=1e-3, rtol=1e-3)
