from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.error import ConfigError
from mmexp.method.full import FullMethod
from mmexp.method.pseudo_label import PseudoLabelMethod


def started(model: nn.Module, **options: float) -> PseudoLabelMethod:
    method = PseudoLabelMethod(trains=FullMethod(), **options)
    method.prepare(model)
    method.average.on_train_start(None, SimpleNamespace(model=model))
    return method


def test_what_the_average_is_sure_of_is_learned_where_there_is_no_label(model, batch):
    method = started(model, threshold=0.6, weight=2.0, ramp_up=0.0)
    method.ramp.on_train_batch_start(SimpleNamespace(datamodule=SimpleNamespace(per_epoch=5)), None, None, 0)
    scores = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.55, 0.45], [0.3, 0.7], [0.9, 0.1], [0.9, 0.1]])
    method.average.model.forward = lambda batch: {"scores": scores}
    labels = batch.targets["label"]
    mask = torch.tensor([True, False, False, False, True, True])
    given = replace(batch, targets={"label": replace(labels, values=Padded(labels.values.values, mask))})
    logits = torch.randn(6, 2, requires_grad=True)
    loss = method.losses(model, {"logits": logits}, given)["pseudo_label"]
    rows = F.cross_entropy(logits[[1, 3]], torch.tensor([0, 1]), reduction="none")
    torch.testing.assert_close(loss, 2 * rows.sum() / 3)  # of three without a label one is not sure
    assert method.confident == pytest.approx(2 / 3)
    method.losses(model, {"logits": logits}, replace(batch, targets={}))
    assert method.confident == pytest.approx(5 / 6)
    assert method.losses(model, {"logits": logits}, batch)["pseudo_label"].item() == 0


def test_the_weight_grows_within_the_first_epochs():
    method, trainer = (
        PseudoLabelMethod(trains=FullMethod(), ramp_up=2.0),
        SimpleNamespace(datamodule=SimpleNamespace(per_epoch=5)),
    )
    found = []
    for number in (0, 5, 10, 50):
        method.ramp.on_train_batch_start(trainer, None, None, number)
        found.append(method.ramp.value)
    assert found == [0.0, 0.5, 1.0, 1.0]


def test_before_training_there_is_no_average(model, batch):
    with pytest.raises(ValueError, match="average must be made when training starts, got none"):
        PseudoLabelMethod(trains=FullMethod()).losses(model, model(batch), batch)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threshold": 1.0}, r"threshold must be in \(0, 1\), got 1\.0"),
        ({"weight": 0.0}, r"weight must be positive, got 0\.0"),
        ({"ramp_up": -1.0}, r"ramp_up must be at least 0, got -1\.0"),
        ({"decay": 1.0}, r"decay must be in \[0, 1\), got 1\.0"),
    ],
)
def test_numbers_out_of_range_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        PseudoLabelMethod(trains=FullMethod(), **options)


def test_a_task_that_does_not_choose_one_class_is_refused(model):
    model.task.form = "multilabel"
    with pytest.raises(ConfigError, match="task must choose one of its classes, such as classification, got Classific"):
        PseudoLabelMethod(trains=FullMethod()).prepare(model)
