from __future__ import annotations

import pytest
import torch
from torchvision.ops import sigmoid_focal_loss

from mmexp.contract import Padded
from mmexp.head.detection.base import DetectionTargets
from mmexp.head.detection.dense import PRIOR, DenseDetector, assign, focal_loss


def test_the_focal_loss_is_that_of_torchvision():
    logits, wanted = torch.randn(4, 9, 3) * 3, (torch.rand(4, 9, 3) < 0.2).float()
    torch.testing.assert_close(focal_loss(logits, wanted), sigmoid_focal_loss(logits, wanted, reduction="sum"))


def by_loops(boxes: torch.Tensor, real: torch.Tensor, side: int) -> list[int]:
    """FCOS, section 3.1, place by place."""
    chosen = []
    for place in range(side * side):
        x, y = (place % side + 0.5) / side, (place // side + 0.5) / side
        able = []
        for k, (left, top, right, bottom) in enumerate(boxes.tolist()):
            middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
            near = max(abs(x - middle_x), abs(y - middle_y)) * side <= 1.5
            inside = left <= x <= right and top <= y <= bottom
            own = int(middle_x * side) == place % side and int(middle_y * side) == place // side
            if real[k] and ((inside and near) or own):
                able.append(((right - left) * (bottom - top), k))
        chosen.append(min(able)[1] if able else -1)
    return chosen


@pytest.mark.parametrize("seed", range(5))
def test_places_answer_for_the_objects_that_plain_loops_give_them(seed):
    torch.manual_seed(seed)
    first = torch.rand(3, 4, 2) * 0.6
    boxes, real = torch.cat([first, first + torch.rand(3, 4, 2) * 0.4], -1), torch.rand(3, 4) < 0.8
    for row, chosen in enumerate(assign(boxes, real, 6)):
        assert chosen.tolist() == by_loops(boxes[row], real[row], 6)


def test_an_object_smaller_than_a_cell_has_a_place():
    tiny = torch.tensor([[[0.01, 0.51, 0.02, 0.52]]])
    assert assign(tiny, torch.ones(1, 1, dtype=torch.bool), 4)[0].tolist() == [-1] * 8 + [0] + [-1] * 7


def test_before_training_no_class_is_likely_and_every_box_is_about_its_place():
    torch.manual_seed(0)
    with torch.no_grad():
        outputs = DenseDetector(dim=16, num_classes=3)(torch.randn(2, 16, 4, 4))
    assert outputs["logits"].sigmoid().mean().item() == pytest.approx(PRIOR, rel=0.5)
    middle = (outputs["boxes"][0, 6, :2] + outputs["boxes"][0, 6, 2:]) / 2
    torch.testing.assert_close(middle, torch.tensor([0.625, 0.375]), atol=0.1, rtol=0)


def test_perfect_boxes_have_no_loss():
    detector = DenseDetector(dim=8, num_classes=2)
    outputs = detector(torch.randn(1, 8, 2, 2))
    one, row = torch.ones(1, 1), torch.ones(1, dtype=torch.bool)
    targets = DetectionTargets(Padded(outputs["boxes"][:, :1].detach(), one.bool()), one.long(), row)
    outputs["boxes"] = outputs["boxes"][:, :1].expand(-1, 4, -1)
    assert detector.losses(outputs, targets)["box"].item() == pytest.approx(0, abs=1e-5)
