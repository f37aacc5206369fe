from __future__ import annotations

import copy

import pytest
import torch
from torch.nn import functional as F

from mmexp.error import ConfigError
from mmexp.method.distill import DistillMethod, divergence
from mmexp.method.full import FullMethod


def test_the_divergence_is_what_cross_entropy_with_soft_targets_adds_to_the_entropy():
    taught, logits = torch.randn(5, 3), torch.randn(5, 3)
    soft = taught.softmax(-1)
    expected = F.cross_entropy(logits, soft) - F.cross_entropy(soft.log(), soft)
    torch.testing.assert_close(divergence(taught, logits, multilabel=False), expected)
    soft = taught.sigmoid()
    cross = F.binary_cross_entropy
    expected = cross(logits.sigmoid(), soft) - cross(soft, soft)
    torch.testing.assert_close(divergence(taught, logits, multilabel=True), expected)


def test_a_student_that_answers_like_its_teacher_has_nothing_to_learn(model, batch):
    method = DistillMethod(trains=FullMethod(), teacher="x", alpha=0.5, temperature=2.0)
    method.prepare(model)
    outputs = model(batch)
    with pytest.raises(ValueError, match="teacher must be given before training, got none"):
        method.losses(model, outputs, batch)
    method.learn_from(copy.deepcopy(model).eval())
    assert method.losses(model, outputs, batch)["distill"].item() == pytest.approx(0, abs=1e-6)
    other = {"logits": torch.zeros(6, 2, requires_grad=True)}
    expected = 4 * divergence(outputs["logits"] / 2, other["logits"], multilabel=False)
    loss = method.losses(model, other, batch)["distill"]
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert other["logits"].grad.any()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": 0.0}, r"temperature must be positive, got 0\.0"),
        ({"alpha": 1.0}, r"alpha must be in \(0, 1\), got 1\.0"),
    ],
)
def test_numbers_out_of_range_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        DistillMethod(trains=FullMethod(), teacher="x", **options)


def test_a_task_without_classes_is_refused(model):
    model.task = torch.nn.Identity()
    with pytest.raises(ConfigError, match="task must be one that scores classes, such as classification, got Identity"):
        DistillMethod(trains=FullMethod(), teacher="x").prepare(model)
