"""Pseudo labels of samples that have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Batch
from mmexp.error import ConfigError
from mmexp.loss.mean import mean
from mmexp.method.base import Method
from mmexp.method.epoch_means import EpochMeansCallback
from mmexp.method.mean_teacher import MeanTeacherCallback
from mmexp.method.objective import ObjectiveMethod


class PseudoLabelMethod(ObjectiveMethod):
    """Learn also from the samples without a label: what the running average of the model is sure of is taken as it.

    The average reads the batch in evaluation mode and before ``augment``, the model with its dropout, also that of
    modalities, and augmented: ``augment=[rand_augment]`` makes the strong view of FixMatch. The loss is the
    mean over the unlabelled samples of a batch, those without a pseudo label as 0; it counts ``weight`` times as much
    as the mean over those with a label, growing to that within the first epochs.

    A batch should hold labels too: ``sampler=balanced`` draws as many samples with one as without. Label smoothing
    keeps a model from being as sure as the threshold asks.

    Logged: ``train/pseudo_label``, its loss, and ``train/confident``, the share of unlabelled samples that had one.

    Source: Lee 2013, "Pseudo-Label: The Simple and Efficient Semi-Supervised Learning Method for Deep Neural Networks",
    eqs. 15 and 16; the average: Tarvainen and Valpola 2017, "Mean teachers", https://arxiv.org/abs/1703.01780; the
    threshold and the two views: Sohn et al. 2020, "FixMatch", https://arxiv.org/abs/2001.07685, eq. 4.

    Args:
        trains: Chooses the weights that are trained; the objective comes in addition.
        threshold: Least probability that counts as sure, in (0, 1).
        weight: Of the loss on unlabelled samples over that on labelled ones.
        ramp_up: Epochs in which the weight grows linearly from 0.
        decay: Part of the average that each step keeps, in [0, 1).

    Raises:
        ValueError: If a number is out of range.
    """

    unlabeled = weak = True

    def __init__(
        self,
        *,
        trains: Method,
        threshold: float = 0.95,
        weight: float = 1.0,
        ramp_up: float = 2.0,
        decay: float = 0.99,
    ) -> None:
        super().__init__(trains=trains)
        ranges = {
            "threshold": (threshold, "in (0, 1)", 0 < threshold < 1),
            "weight": (weight, "positive", weight > 0),
            "ramp_up": (ramp_up, "at least 0", ramp_up >= 0),
            "decay": (decay, "in [0, 1)", 0 <= decay < 1),
        }
        for name, (value, rule, holds) in ranges.items():
            if not holds:
                raise ValueError(f"PseudoLabelMethod: {name} must be {rule}, got {value}.")
        self.threshold, self.weight = threshold, weight
        self.average, self.ramp = MeanTeacherCallback(decay), _RampUp(ramp_up)
        self.confident = 0.0

    def prepare(self, model: nn.Module) -> None:
        super().prepare(model)
        task = model.task
        if not hasattr(task, "classes") or getattr(task, "form", "") == "multilabel":
            name = type(task).__name__
            raise ConfigError(f"method: task must choose one of its classes, such as classification, got {name}.")

    def losses(self, model: nn.Module, outputs: Mapping[str, Any], batch: Batch) -> dict[str, Tensor]:
        logits: Tensor = outputs["logits"]
        teacher = self.average.model
        if teacher is None:
            raise ValueError("PseudoLabelMethod: the average must be made when training starts, got none.")
        with torch.no_grad():
            best, chosen = teacher(batch)["scores"].max(-1)
        labels = batch.targets.get(getattr(model.task, "target", ""))
        unlabeled = torch.ones_like(best, dtype=torch.bool) if labels is None else ~labels.values.mask
        sure = unlabeled & (best >= self.threshold)
        self.confident = float(sure.sum() / unlabeled.sum().clamp(min=1))
        total = (F.cross_entropy(logits, chosen, reduction="none") * sure).sum()
        loss = mean(total, unlabeled.sum(), len(batch), everywhere=True)
        own = {"pseudo_label": self.weight * self.ramp.value * loss}
        return super().losses(model, outputs, batch) | own

    def callbacks(self) -> Sequence[pl.Callback]:
        return [
            *super().callbacks(),
            self.average,
            self.ramp,
            EpochMeansCallback(lambda: {"confident": self.confident}),
        ]


class _RampUp(pl.Callback):
    """Grow from 0 to 1 within some epochs, by the number of the batch.

    Args:
        epochs: Until it is 1.
    """

    def __init__(self, epochs: float) -> None:
        self.epochs, self.value = epochs, 0.0

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: Any, batch: Any, batch_idx: int) -> None:
        batches = self.epochs * trainer.datamodule.per_epoch  # type: ignore[attr-defined]
        self.value = min(1.0, batch_idx / batches) if batches else 1.0
