from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.detection import MeanAveragePrecision

from mmexp.metric.precision import AveragePrecision, Found, average_precision, claim, overlaps

CLASSES = 3


def scene(seed: int) -> tuple[Found, Found]:
    """Some objects, and answers that are near them, doubles, of another class, or anywhere."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    count = int(draw(1) * 5)
    first = draw(count, 2) * 60
    boxes = torch.cat([first, first + 10 + draw(count, 2) * 30], 1)
    classes = (draw(count) * CLASSES).long()
    near = boxes.repeat(2, 1) + (draw(2 * count, 4) - 0.5) * 12
    corner = draw(4, 2) * 60
    answered = torch.cat([near, torch.cat([corner, corner + 20], 1)])
    told = torch.cat([classes.repeat(2), torch.zeros(4, dtype=torch.long)])
    told = torch.where(draw(len(told)) < 0.2, (draw(len(told)) * CLASSES).long(), told)
    scores = (draw(len(told)) * 10).round() / 10
    return Found(answered, told, scores), Found(boxes, classes, torch.ones(count))


def measured(scenes: list[tuple[Found, Found]], most: int = 100) -> dict[str, float]:
    metric = AveragePrecision(num_classes=CLASSES, most=most)
    for part in (scenes[:3], scenes[3:]):
        metric.update([answer for answer, _ in part], [target for _, target in part])
    return {name: value.item() for name, value in metric.compute().items()}


def by_coco(scenes: list[tuple[Found, Found]]) -> dict[str, float]:
    pytest.importorskip("pycocotools")
    metric = MeanAveragePrecision(max_detection_thresholds=[1, 10, 100])
    for answer, target in scenes:
        told = {"boxes": answer.boxes, "labels": answer.classes, "scores": answer.scores}
        metric.update([told], [{"boxes": target.boxes, "labels": target.classes}])
    values = metric.compute()
    return {"map": values["map"].item(), "map50": values["map_50"].item()}


@pytest.mark.parametrize("seed", [0, 100, 200])
def test_it_agrees_with_coco(seed):
    scenes = [scene(seed + i) for i in range(12)]
    assert measured(scenes) == pytest.approx(by_coco(scenes), abs=1e-6)
    assert 0.05 < measured(scenes)["map"] < measured(scenes)["map50"] < 0.95


def test_right_answers_and_nothing_else_are_all_that_can_be_had():
    scenes = [(Found(target.boxes, target.classes, target.scores), target) for _, target in map(scene, range(6))]
    assert measured(scenes) == {"map": 1, "map50": 1}


def test_a_picture_without_answers_misses_its_objects():
    _, target = scene(1)
    none = Found(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), torch.zeros(0))
    assert measured([(none, target)]) == {"map": 0, "map50": 0}


def test_without_any_object_it_is_undefined():
    answer, target = scene(1)
    none = Found(target.boxes[:0], target.classes[:0], target.scores[:0])
    for scenes in ([(answer, none)], []):
        assert all(value != value for value in measured(scenes).values())


def test_objects_of_a_class_that_training_never_had_are_missed():
    box, sure = torch.tensor([[0.0, 0, 9, 9]]), torch.ones(1)
    target = Found(box.repeat(2, 1), torch.tensor([0, -100]), torch.ones(2))
    assert measured([(Found(box, torch.tensor([0]), sure), target)])["map50"] == 0.5


def test_only_the_surest_answers_of_a_picture_count():
    box = torch.tensor([[0.0, 0, 9, 9], [50, 50, 59, 59]])
    answer = Found(box, torch.zeros(2).long(), torch.tensor([0.9, 0.8]))
    target = Found(box[1:], torch.zeros(1).long(), torch.ones(1))
    assert measured([(answer, target)])["map50"] == 0.5 and measured([(answer, target)], most=1)["map50"] == 0


def test_an_object_is_claimed_once_and_by_the_surest():
    right = claim(np.array([[0.7, 0.6], [0.9, 0.2], [0.1, 0.8]]))
    assert right[:, 0].tolist() == [True, False, True] and right[:, -1].tolist() == [False] * 3
    assert claim(np.zeros((2, 0))).shape == (2, 10) and not claim(np.zeros((2, 0))).any()


def test_precision_is_averaged_over_101_recalls():
    claims = np.column_stack([[0, 0, 0], [0.9, 0.8, 0.7], np.repeat([[1], [0], [1]], 10, 1)])
    assert average_precision(claims, 2)[0] == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)


def test_boxes_overlap_as_torchvision_says():
    from torchvision.ops import box_iou

    answer, target = scene(3)
    ours = overlaps(answer.boxes.double().numpy(), target.boxes.double().numpy())
    assert ours == pytest.approx(box_iou(answer.boxes.double(), target.boxes.double()).numpy())
