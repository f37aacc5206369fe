"""The one LightningModule: train, evaluate and predict with whatever model it is given."""

from __future__ import annotations

import copy
import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import MeanMetric, Metric, MetricCollection

from mmexp.augment.base import Augment, views
from mmexp.contract import Batch, Outputs
from mmexp.error import ConfigError, NumericsError
from mmexp.method.base import Method
from mmexp.metric.direction import Direction, directions
from mmexp.metric.gather import gather
from mmexp.metric.row import RowMetric
from mmexp.training.backbones import checkpointed
from mmexp.training.checkpoint import refuse_other_weights
from mmexp.training.model import Model
from mmexp.training.parameter_groups import parameter_groups, scale_learning_rates, trained
from mmexp.training.shortage import MemoryFit

OptimizerFactory = Callable[[list[dict[str, Any]]], Optimizer]
HINT = "Choose a lower optimizer.lr, or hardware.precision=32-true."
Scores = tuple[MetricCollection, MetricCollection, MeanMetric]
"""Metrics of the task, metrics of its prediction rows, and the loss."""
SchedulerFactory = Callable[[Optimizer, int], LRScheduler]


class ExperimentModule(pl.LightningModule):
    """Compute losses, metrics and predictions of a model, step by step.

    All randomness of a training step comes from (seed, batch number, rank), so that a resumed run repeats it. A batch
    that does not fit in memory when it is evaluated or predicted is halved.

    Args:
        model: Encoders, fusion and task.
        method: What is trained, and its losses in addition to the task's.
        optimizer: Makes the optimizer from parameter groups.
        scheduler: Makes the schedule from the optimizer and the number of optimizer steps.
        seed: Of dropout and everything else random on the model's side.
        row_metrics: Metrics in addition to the task's, computed from its prediction rows.
        augments: Applied to each training batch, in order.

    Attributes:
        results: Metrics of the last evaluation of each stage, ``{"val": {"val/accuracy": x}}``.
        directions: Whether more (max) or less (min) of a metric is better, by name without the stage, where known.
        rows: Predictions of the evaluation in progress or just ended, if ``keep_rows``.
        patterns: Which inputs each of its samples has, such as ``image+text``.
        apart: Metrics of the last evaluation after ``measure_apart``, by pattern.

    Raises:
        ConfigError: If a row metric has the name of a metric of the task.
    """

    def __init__(
        self,
        *,
        model: Model,
        method: Method,
        optimizer: OptimizerFactory,
        scheduler: SchedulerFactory,
        seed: int,
        row_metrics: Mapping[str, RowMetric] = MappingProxyType({}),
        augments: Sequence[Augment] = (),
    ) -> None:
        super().__init__()
        self.model = model
        self.method = method
        self.seed = seed
        self.augments = tuple(augments)
        self.results: dict[str, dict[str, float]] = {}
        self.rows: list[dict[str, Any]] = []
        self.patterns: list[str] = []
        self.apart: dict[str, dict[str, float]] = {}
        self.keep_rows = False
        self.in_memory = MemoryFit()
        self.strict_loading = False  # a checkpoint leaves frozen backbones to their source
        self._make_optimizer, self._make_scheduler = optimizer, scheduler
        self.metrics: MetricCollection = model.task.metrics()
        self.row_metrics = MetricCollection(dict(row_metrics), compute_groups=False)
        self.loss = MeanMetric()
        self.directions: dict[str, Direction] = {}
        self._apart: dict[str, Scores] = {}
        self._gradient_norm: Tensor | None = None
        for collection in (self.metrics, self.row_metrics, self.loss):
            for metric in collection.modules():
                if isinstance(metric, Metric):
                    metric.dist_sync_fn = gather

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        seed = zlib.crc32(f"{self.seed}/{batch_idx}/{self.global_rank}".encode())
        random.seed(seed)
        np.random.seed(seed)
        # torch.manual_seed would note a traceback for each absent kind of GPU
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def objective(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses of a training batch by name, once it is augmented."""
        weak, batch = views(batch, self.augments)
        outputs = self.model(batch)
        losses = {**self.model.task.losses(outputs, batch), **self.model.fusion.penalties()}
        return losses | self.method.losses(self.model, outputs, weak if self.method.weak else batch)

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        losses = self.method.step(self.model, self.objective, batch)
        if torch.distributed.is_initialized():
            weight = self.trainer.datamodule.weight(batch, batch_idx)  # type: ignore[attr-defined]
            losses = {name: value * weight for name, value in losses.items()}
        return {"loss": torch.stack(list(losses.values())).sum(), **(losses if len(losses) > 1 else {})}

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: int | float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        if limit := float(gradient_clip_val or 0):
            nn.utils.clip_grads_with_norm_(trained(optimizer), limit, self.gradient_norm(optimizer), foreach=True)
        self._gradient_norm = None

    def gradient_norm(self, optimizer: Optimizer) -> Tensor:
        """Return the L2 norm of the gradient of this step before it is clipped, which is computed once. -> []"""
        if self._gradient_norm is None:
            gradients = [weight.grad for weight in trained(optimizer) if weight.grad is not None]
            self._gradient_norm = nn.utils.get_total_norm(gradients, foreach=True)
        return self._gradient_norm

    def configure_optimizers(self) -> Any:
        optimizer = self._make_optimizer(parameter_groups(self.model, self.method))
        scale_learning_rates(optimizer)
        scheduler = self._make_scheduler(optimizer, self.trainer.max_steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["state_dict"] = weights = checkpointed(self)
        refuse_non_finite(weights, f"step {self.trainer.global_step}")

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        refuse_other_weights(checkpointed(self), checkpoint["state_dict"], str(self.trainer.ckpt_path))

    def on_validation_epoch_start(self) -> None:
        self._begin()

    def on_test_epoch_start(self) -> None:
        self._begin()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluate(batch)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluate(batch)

    def predict_step(self, batch: Batch, batch_idx: int) -> list[dict[str, Any]]:
        def predict(part: Batch) -> list[dict[str, Any]]:
            return self.model.task.predictions(self.model(part), part)

        return [row for _, rows in self.in_memory(predict, batch) for row in rows]

    def on_validation_epoch_end(self) -> None:
        self._finish("val")

    def on_test_epoch_end(self) -> None:
        self._finish("test")

    def measure_apart(self, patterns: Sequence[str]) -> None:
        """Let the next evaluations measure each pattern of inputs apart, in batches of one each; all in one if none."""
        self._apart = {name: copy.deepcopy(self._scores) for name in patterns}

    @property
    def _scores(self) -> Scores:
        return self.metrics, self.row_metrics, self.loss

    def _begin(self) -> None:
        for scores in (self._scores, *self._apart.values()):
            _reset(scores, self.device)
        self.rows, self.patterns = [], []

    def _evaluate(self, batch: Batch) -> None:
        for part, (outputs, loss, rows) in self.in_memory(self._outputs, batch):
            present = present_inputs(part)
            metrics, row_metrics, losses = self._apart[present[0]] if self._apart else self._scores
            losses.update(loss, weight=len(part))
            self.model.task.measure(metrics, outputs, part)
            if row_metrics:
                row_metrics.update(rows)
            self.rows += rows if self.keep_rows else []
            self.patterns += present

    def _outputs(self, batch: Batch) -> tuple[Outputs, Tensor, list[dict[str, Any]]]:
        """Outputs, loss and prediction rows of a batch."""
        task = self.model.task
        outputs = self.model(batch)
        loss = torch.stack(list(task.losses(outputs, batch).values())).sum().float()
        rows = task.predictions(outputs, batch) if self.keep_rows or self.row_metrics else []
        return outputs, loss, rows

    def _finish(self, stage: str) -> None:
        if self._apart:
            self.apart = {name: _compute(scores) for name, scores in self._apart.items()}
            return
        self.results[stage] = {f"{stage}/{name}": value for name, value in _compute(self._scores).items()}
        self.directions = {"loss": "min", **directions(self.metrics), **directions(self.row_metrics)}


def present_inputs(batch: Batch) -> list[str]:
    """Name the inputs that each sample has, such as ``image+text``; ``none`` if it has none."""
    present = {name: values.present.tolist() for name, values in batch.inputs.items()}
    return ["+".join(name for name in present if present[name][row]) or "none" for row in range(len(batch))]


def _reset(scores: Scores, device: torch.device) -> None:
    metrics, row_metrics, loss = scores
    metrics.to(device).reset()
    row_metrics.to(device).reset()
    loss.to(device).reset()


def _compute(scores: Scores) -> dict[str, float]:
    metrics, row_metrics, loss = scores
    measured, added = {**metrics.compute(), "loss": loss.compute()}, row_metrics.compute()
    if taken := [name for name in added if name in measured]:
        raise ConfigError(f"metric: name must be one that the task does not report, got '{taken[0]}'.")
    return {name: float(value) for name, value in {**measured, **added}.items()}


def refuse_non_finite(weights: Mapping[str, Tensor], when: str) -> None:
    """Refuse to save weights that are not finite.

    Raises:
        NumericsError: If there are any; names the first.
    """
    sound = torch.stack([value.isfinite().all() for value in weights.values()])
    if not bool(sound.all()):
        name = list(weights)[int((~sound).nonzero()[0])]
        raise NumericsError(f"Training: weights must be finite, got others in '{name}' at {when}.", hint=HINT)
