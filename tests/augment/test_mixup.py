from __future__ import annotations

import pytest
import torch

from mmexp.augment.mixup import Mixup, linear
from mmexp.contract import Batch, Padded
from mmexp.fusion.decision import Decision
from mmexp.transform.label import UNSEEN, Labels, LabelTransform

CLASSES = ["cat", "cow", "dog"]


def make_batch(labels: list[str | None] | None = None, rows: int = 4) -> Batch:
    transform = LabelTransform(classes=CLASSES)
    raw = labels or [CLASSES[i % 3] for i in range(rows)]
    label = transform.collate([None if one is None else transform.prepare(one) for one in raw])
    values = torch.arange(float(len(raw)))[:, None].repeat(1, 2)
    inputs = {"vector": Padded(values, torch.ones(len(raw), dtype=torch.bool))}
    return Batch(inputs, {"label": label}, tuple(map(str, range(len(raw)))))


def test_inputs_and_labels_are_mixed_by_the_same_share():
    found = Mixup(alpha=1.0)(make_batch())
    one_hot = torch.eye(3)[torch.arange(4) % 3]
    vectors, labels = found.inputs["vector"].values[:, 0], found.targets["label"].values
    torch.manual_seed(0)
    share = float(torch.distributions.Beta(1.0, 1.0).sample())
    order = torch.randperm(4)
    torch.testing.assert_close(vectors, share * torch.arange(4.0) + (1 - share) * order)
    torch.testing.assert_close(labels.values, share * one_hot + (1 - share) * one_hot[order])
    assert labels.mask.all() and found.ids == ("0", "1", "2", "3")


def test_the_loss_of_a_mixture_is_the_mixture_of_the_losses(make_classification):
    task = make_classification(CLASSES)
    batch, logits = make_batch(), torch.randn(4, 3)
    order, share = torch.tensor([1, 0, 3, 2]), 0.3
    mixed = Batch(batch.inputs, {"label": batch.targets["label"].mixed(order, share)}, batch.ids)
    labels = torch.arange(4) % 3
    cross_entropy = torch.nn.functional.cross_entropy
    expected = share * cross_entropy(logits, labels) + (1 - share) * cross_entropy(logits, labels[order])
    torch.testing.assert_close(task.losses({"logits": logits, "decision": Decision(logits)}, mixed)["class"], expected)


def test_a_mixture_with_what_has_no_label_has_none():
    labels = make_batch(["cat", None, "horse", "dog"]).targets["label"]
    assert labels.values.values[2] == UNSEEN
    assert labels.mixed(torch.tensor([3, 0, 1, 2]), 0.5).values.mask.tolist() == [True, False, False, False]


def test_labels_that_are_mixed_already_or_several_are_mixed_too():
    several = LabelTransform(classes=CLASSES, multilabel=True)
    labels = several.collate([several.prepare(["cat", "dog"]), several.prepare([])])
    order = torch.tensor([1, 0])
    assert labels.mixed(order, 0.75).values.values.tolist() == [[0.75, 0, 0.75, 0], [0.25, 0, 0.25, 0]]
    twice = make_batch(["cat", "dog"]).targets["label"].mixed(order, 0.5).mixed(order, 0.5)
    assert twice.values.values.tolist() == [[0.5, 0, 0.5]] * 2


def test_pixels_stay_pixels_and_what_one_of_the_two_lacks_stays_whole():
    pixels = torch.tensor([0, 100, 201], dtype=torch.uint8)[:, None, None, None].repeat(1, 3, 2, 2)
    found = linear(Padded(pixels, torch.tensor([True, False, True])), torch.tensor([2, 0, 1]), 0.25)
    assert found.values.dtype == torch.uint8 and found.values[:, 0, 0, 0].tolist() == [151, 0, 201]
    assert found.mask.all()


def test_of_two_lengths_the_longer_one_is_real():
    mask = torch.arange(3) < torch.tensor([3, 1])[:, None]
    found = linear(Padded(torch.ones(2, 3) * mask, mask), torch.tensor([1, 0]), 0.5)
    assert found.values[0].tolist() == [1.0, 0.5, 0.5] and found.mask.all()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (
            {"text": Padded(torch.ones(4, 3, dtype=torch.long), torch.ones(4, 3, dtype=torch.bool))},
            "got text of torch.i",
        ),
        ({}, "targets must be labels, which can be mixed, got captions"),
    ],
)
def test_what_cannot_be_mixed_is_refused(part, words):
    given = make_batch()
    targets = given.targets if part else {"captions": [["a red ball"]] * 4}
    with pytest.raises(ValueError, match=words):
        Mixup()(Batch({**given.inputs, **part}, targets, given.ids))


def test_alpha_is_positive():
    with pytest.raises(ValueError, match=r"Mixup: alpha must be positive, got 0\.0"):
        Mixup(alpha=0.0)
    assert Labels(Padded(torch.zeros(1), torch.tensor([True])), ["a"]).classes == 0
