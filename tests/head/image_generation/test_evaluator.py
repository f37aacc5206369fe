from __future__ import annotations

import pytest
import torch
from sklearn.metrics import jaccard_score
from torch.nn import functional as F

from mmexp.head.image_generation.evaluator import ImageEvaluator, RandomFeatures, agreement
from mmexp.transform.attributes import AttributesTransform

CLASSES = ["dark", "light", "red"]


def labels(raw: list[list[str] | None]):
    transform = AttributesTransform(classes=CLASSES)
    return transform.collate([None if one is None else transform.prepare(one) for one in raw])


def make() -> ImageEvaluator:
    torch.manual_seed(0)
    return ImageEvaluator(dim=16, classes=CLASSES)


def test_it_learns_to_see():
    evaluator, truth = make(), [["dark"], ["light"], ["red", "dark"], ["red", "light"]]
    shades = torch.tensor([[-0.8, -0.8, -0.8], [0.8, 0.8, 0.8], [0.0, -0.8, -0.8], [0.9, 0.1, 0.1]])
    images = shades[:, :, None, None].expand(-1, -1, 8, 8)
    optimizer, known = torch.optim.Adam(evaluator.parameters(), lr=0.01), torch.ones(4, dtype=torch.bool)
    for _ in range(60):
        optimizer.zero_grad()
        evaluator.loss(evaluator(images)[1], labels(truth), known).backward()
        optimizer.step()
    detected = evaluator(images)[1] > 0
    assert [[name for name, there in zip(CLASSES, row, strict=True) if there] for row in detected] == [
        sorted(row) for row in truth
    ]


def test_the_loss_is_cross_entropy_over_what_is_known():
    logits = torch.randn(4, 3)
    given = labels([["red"], None, ["dark", "blue"], ["light"]])
    targets = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    expected = F.binary_cross_entropy_with_logits(logits[[0, 2]], targets)
    known = torch.tensor([True, True, True, False])
    torch.testing.assert_close(make().loss(logits, given, known), expected)


@pytest.mark.parametrize("given", [None, labels([None, None])])
def test_nothing_known_teaches_nothing(given):
    logits = torch.randn(2, 3, requires_grad=True)
    loss = make().loss(logits, given, torch.ones(2, dtype=torch.bool))
    loss.backward()
    assert loss == 0 and not logits.grad.any()


def test_agreement_is_that_of_sklearn():
    torch.manual_seed(0)
    detected, given = torch.rand(50, 6) > 0.6, torch.rand(50, 6) > 0.6
    expected = jaccard_score(given.numpy(), detected.numpy(), average="samples", zero_division=1)
    assert agreement(detected, given).mean().item() == pytest.approx(expected)


def test_what_is_missing_and_what_was_not_told_count_against_it_and_what_is_absent_does_not_count():
    given = torch.tensor([[True, True, False, False, False]] * 3)
    detected = torch.tensor(
        [[True, False, False, False, False], [True, True, True, False, False], [True, True] + [False] * 3]
    )
    assert agreement(detected, given).tolist() == pytest.approx([1 / 2, 2 / 3, 1])
    assert agreement(detected[:1] & False, given[:1] & False) == 1


def test_a_glance_is_the_same_in_every_run_and_learns_nothing():
    torch.manual_seed(0)
    first = RandomFeatures()
    torch.manual_seed(1)
    second, images = RandomFeatures(), torch.randn(3, 3, 16, 16)
    features, logits = first(images)
    assert torch.equal(features, second(images)[0]) and logits.shape == (3, 0)
    assert not list(first.parameters()) and not first.state_dict() and len(features.unique(dim=0)) == 3
