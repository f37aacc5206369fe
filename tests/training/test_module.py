from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, MetricCollection

from mmexp.augment.base import Augment
from mmexp.contract import Batch, Padded
from mmexp.error import ConfigError, NumericsError
from mmexp.method.full import FullMethod
from mmexp.metric.row import RowMetric
from mmexp.training.module import ExperimentModule, refuse_non_finite


class Guess(nn.Module):
    """A task that sees right through the batch: the loss of a sample is its number."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def losses(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        return {name: outputs.mean() * (i + 1) for i, name in enumerate(self.names)}

    def metrics(self) -> MetricCollection:
        return MetricCollection({"size": MeanMetric()})

    def measure(self, metrics: MetricCollection, outputs: Tensor, batch: Batch) -> None:
        metrics["size"].update(outputs)

    def predictions(self, outputs: Tensor, batch: Batch) -> list[dict[str, Any]]:
        return [{"id": name} for name in batch.ids]


class Still(nn.Module):
    def penalties(self) -> dict[str, Tensor]:
        return {}


class Identity(nn.Module):
    def __init__(self, task: Guess) -> None:
        super().__init__()
        self.task, self.fusion = task, Still()
        self.weight = nn.Parameter(torch.ones(2, 2))

    def forward(self, batch: Batch) -> Tensor:
        return batch.inputs["x"].values


def module(*names: str, seed: int = 0) -> ExperimentModule:
    return ExperimentModule(
        model=Identity(Guess(*names or ("guess",))),
        method=FullMethod(),
        optimizer=lambda groups: torch.optim.SGD(groups, lr=1.0),
        scheduler=lambda optimizer, steps: torch.optim.lr_scheduler.LambdaLR(optimizer, float),
        seed=seed,
    )


def batch(*values: float) -> Batch:
    numbers = torch.tensor(values)
    return Batch({"x": Padded(numbers, torch.ones(len(values), dtype=torch.bool))}, {}, tuple(map(str, values)))


def draw(module: ExperimentModule, number: int) -> tuple[float, float, float]:
    module.on_train_batch_start(batch(1.0), number)
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_the_randomness_of_a_batch_depends_on_seed_and_number_alone():
    one, other = module(), module(seed=1)
    first = [draw(one, number) for number in range(4)]
    assert [draw(one, number) for number in reversed(range(4))] == first[::-1]
    assert len({value for values in first for value in values}) == 12
    assert not set(draw(other, 2)) & set(first[2])


class Double(Augment):
    def __call__(self, given: Batch) -> Batch:
        own = given.inputs["x"]
        return replace(given, inputs={"x": Padded(2 * own.values, own.mask)})


def test_batches_are_augmented_in_training_only():
    one, given = module("a"), batch(2.0)
    one.augments = (Double(), Double())
    assert float(one.training_step(given, 0)["loss"]) == 8
    one.on_validation_epoch_start()
    one.validation_step(given, 0)
    one.on_validation_epoch_end()
    assert one.results["val"]["val/loss"] == 2


@pytest.mark.parametrize(("weak", "seen"), [(True, 2), (False, 8)])
def test_a_method_reads_the_batch_as_the_model_does_or_before_it_was_augmented(weak, seen):
    one, given = module("a"), batch(2.0)
    one.augments, found = (Double(), Double()), []
    one.method.weak, one.method.losses = weak, lambda model, outputs, own: found.append(own) or {}
    one.training_step(given, 0)
    assert found[0].inputs["x"].values.mean() == seen


def test_the_loss_is_the_sum_of_its_parts():
    found = module("a", "b").training_step(batch(1.0, 3.0), 0)
    assert {name: float(value) for name, value in found.items()} == {"loss": 6, "a": 2, "b": 4}


def test_a_single_loss_is_not_told_twice():
    assert {name: float(value) for name, value in module("a").training_step(batch(2.0), 0).items()} == {"loss": 2}


@pytest.mark.parametrize("stage", ["validation", "test"])
def test_an_evaluation_counts_every_sample_alike_whatever_its_batch(stage):
    measured = module("a", "b")
    measured.keep_rows = True
    for _ in range(2):
        getattr(measured, f"on_{stage}_epoch_start")()
        for number, part in enumerate((batch(1.0, 2.0, 3.0), batch(10.0))):
            getattr(measured, f"{stage}_step")(part, number)
        getattr(measured, f"on_{stage}_epoch_end")()
    name = {"validation": "val", "test": "test"}[stage]
    assert measured.results == {name: {f"{name}/size": 4.0, f"{name}/loss": 12.0}}
    assert [row["id"] for row in measured.rows] == ["1.0", "2.0", "3.0", "10.0"]


def test_rows_are_kept_only_on_demand():
    measured = module()
    measured.on_validation_epoch_start()
    measured.validation_step(batch(1.0), 0)
    assert measured.rows == []
    assert measured.predict_step(batch(1.0, 2.0), 0) == [{"id": "1.0"}, {"id": "2.0"}]


@pytest.mark.parametrize(("limit", "norm"), [(1.0, 1.0), (100.0, 10.0), (0, 10.0), (None, 10.0)])
def test_gradients_are_clipped_to_a_norm(limit, norm):
    clipped = module()
    clipped.model.weight.grad = torch.full((2, 2), 5.0)
    clipped.configure_gradient_clipping(torch.optim.SGD(clipped.parameters(), lr=1.0), limit)
    assert float(clipped.model.weight.grad.norm()) == pytest.approx(norm, rel=1e-4)


def test_the_norm_of_a_gradient_is_that_before_it_is_clipped_and_computed_once(monkeypatch):
    clipped, norms = module(), []
    optimizer = torch.optim.SGD(clipped.parameters(), lr=1.0)
    compute = nn.utils.get_total_norm
    monkeypatch.setattr(nn.utils, "get_total_norm", lambda *given, **how: norms.append(1) or compute(*given, **how))
    for value in (5.0, 2.0):
        clipped.model.weight.grad = torch.full((2, 2), value)
        assert float(clipped.gradient_norm(optimizer)) == pytest.approx(2 * value)
        clipped.configure_gradient_clipping(optimizer, 1.0)
    assert len(norms) == 2


def weights(value: float) -> Mapping[str, Tensor]:
    return {"a": torch.ones(3), "b.weight": torch.tensor([1.0, value]), "steps": torch.tensor(3)}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_refused_by_name(value):
    with pytest.raises(NumericsError, match=r"weights must be finite, got others in 'b.weight' at step 7"):
        refuse_non_finite(weights(value), "step 7")
    refuse_non_finite(weights(1e30), "step 7")


def test_what_the_fusion_asks_for_is_added_to_the_loss(monkeypatch):
    one = module()
    plain = one.training_step(batch(1.0, 2.0), 0)["loss"]
    monkeypatch.setattr(one.model.fusion, "penalties", lambda: {"balance": torch.tensor(3.0)})
    parts = one.training_step(batch(1.0, 2.0), 0)
    torch.testing.assert_close(parts["loss"], plain + 3)
    assert parts["balance"] == 3


class Pair(RowMetric):
    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names, self.seen = names, 0

    def update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.seen = len(rows)

    def compute(self) -> dict[str, Tensor]:
        return {name: torch.tensor(float(self.seen)) for name in self.names}


def evaluated(*names: str) -> dict[str, float]:
    measured = module("a")
    measured.row_metrics.add_metrics({"pair": Pair(*names)})
    measured.on_test_epoch_start()
    measured.test_step(batch(1.0, 3.0), 0)
    measured.on_test_epoch_end()
    return measured.results["test"]


def test_a_metric_of_rows_may_report_several_numbers_and_none_by_a_name_of_the_task():
    found = evaluated("one", "other")
    assert (found["test/one"], found["test/other"], found["test/size"]) == (2, 2, 2)
    with pytest.raises(ConfigError, match="name must be one that the task does not report, got 'size'"):
        evaluated("one", "size")
