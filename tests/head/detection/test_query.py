from __future__ import annotations

import torch
from torch.nn import functional as F
from torchvision.ops import generalized_box_iou_loss

from mmexp.contract import Padded
from mmexp.head.detection.assignment import costs, match
from mmexp.head.detection.base import DetectionTargets
from mmexp.head.detection.box import centred
from mmexp.head.detection.query import NOTHING, QueryDetector


def make() -> QueryDetector:
    torch.manual_seed(0)
    return QueryDetector(dim=16, num_classes=3, queries=5)


def targets() -> DetectionTargets:
    boxes = torch.tensor([[[0.1, 0.1, 0.4, 0.5], [0.5, 0.5, 0.9, 0.8]], [[0.2, 0.3, 0.5, 0.6], [0, 0, 0, 0]]])
    mask = torch.tensor([[True, True], [True, False]])
    return DetectionTargets(Padded(boxes, mask), torch.tensor([[0, 2], [1, 0]]), torch.ones(2, dtype=torch.bool))


def test_each_pair_learns_class_and_box_and_all_others_learn_nothing_is_there():
    detector, given = make(), targets()
    outputs = detector(torch.randn(2, 16, 3, 3))
    logits, boxes = outputs["all_logits"][0], outputs["all_boxes"][0]
    pairs = list(
        zip(*match(costs(logits.softmax(-1), boxes, given.boxes, given.classes), given.boxes.mask), strict=True)
    )
    assert len(pairs) == 3
    kinds, weights = torch.full((2, 5), 3), torch.tensor([1, 1, 1, NOTHING])
    away = shared = torch.zeros(())
    for row, answer, number in pairs:
        kinds[row, answer] = given.classes[row, number]
        drawn, there = boxes[row, answer], given.boxes.values[row, number]
        away = away + (centred(drawn) - centred(there)).abs().sum()
        shared = shared + generalized_box_iou_loss(drawn, there)
    losses = detector.layer_losses(logits, boxes, given)
    torch.testing.assert_close(losses["class"], F.cross_entropy(logits.flatten(0, 1), kinds.flatten(), weights))
    torch.testing.assert_close(losses["box"], 5 * away / 3)
    torch.testing.assert_close(losses["giou"], 2 * shared / 3)


def test_every_layer_is_taught_and_the_last_one_answers():
    detector, given = make(), targets()
    outputs = detector(torch.randn(2, 16, 3, 3))
    assert torch.equal(outputs["boxes"], outputs["all_boxes"][-1]) and len(outputs["all_boxes"]) == 2
    layers = [detector.layer_losses(outputs["all_logits"][i], outputs["all_boxes"][i], given) for i in range(2)]
    torch.testing.assert_close(detector.losses(outputs, given)["box"], layers[0]["box"] + layers[1]["box"])


def test_what_is_nothing_has_no_score():
    detector = make()
    outputs = detector(torch.randn(1, 16, 2, 2))
    rest = outputs["all_logits"][-1].softmax(-1)[..., -1]
    torch.testing.assert_close(outputs["scores"].sum(-1), 1 - rest)
