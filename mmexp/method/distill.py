"""Knowledge distillation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Batch
from mmexp.error import ConfigError
from mmexp.method.base import Method
from mmexp.method.objective import ObjectiveMethod


class DistillMethod(ObjectiveMethod):
    """Train also on the softened answers of a trained model.

    The loss is ``L_task + a / (1 - a) T^2 KL(q | p)``, with q and p the answers of teacher and student, scores over T.
    The teacher reads the batch as the student does, augmented and all, and so must have its transforms; it may lack
    some of its inputs. The task must score classes.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", https://arxiv.org/abs/1503.02531,
    section 2. Differs: the sum is divided by ``1 - a``, so that the loss of the task counts 1.

    Args:
        trains: Chooses the weights that are trained; the objective comes in addition.
        teacher: RUN of the teacher.
        temperature: T, which scores are divided by; the higher, the more the wrong classes say.
        alpha: a, the share of the teacher in the sum, in (0, 1).

    Raises:
        ValueError: If temperature is not positive, or alpha is not in (0, 1).
    """

    def __init__(self, *, trains: Method, teacher: str, temperature: float = 4.0, alpha: float = 0.9) -> None:
        super().__init__(trains=trains)
        if temperature <= 0:
            raise ValueError(f"DistillMethod: temperature must be positive, got {temperature}.")
        if not 0 < alpha < 1:
            raise ValueError(f"DistillMethod: alpha must be in (0, 1), got {alpha}.")
        self.teacher: str = teacher
        self.temperature, self.alpha = temperature, alpha
        self._model: nn.Module | None = None

    def prepare(self, model: nn.Module) -> None:
        super().prepare(model)
        if not hasattr(model.task, "classes") or not hasattr(model.task, "form"):
            name = type(model.task).__name__
            raise ConfigError(f"method: task must be one that scores classes, such as classification, got {name}.")

    def learn_from(self, teacher: nn.Module) -> None:
        self._model = teacher

    def losses(self, model: nn.Module, outputs: Mapping[str, Any], batch: Batch) -> dict[str, Tensor]:
        logits: Tensor = outputs["logits"]
        if self._model is None:
            raise ValueError("DistillMethod: teacher must be given before training, got none.")
        self._model.to(logits.device)
        with torch.no_grad():
            taught: Tensor = self._model(batch)["logits"]
        multilabel = getattr(model.task, "form", "") == "multilabel"
        loss = divergence(taught / self.temperature, logits / self.temperature, multilabel=multilabel)
        own = {"distill": self.alpha / (1 - self.alpha) * self.temperature**2 * loss}
        return super().losses(model, outputs, batch) | own


def divergence(taught: Tensor, logits: Tensor, *, multilabel: bool) -> Tensor:
    """Compute the mean KL divergence of the answers to those of the teacher; of several labels their mean.

    Args:
        taught: Logits of the teacher. [B, C]
        logits: Of the student. [B, C]
        multilabel: Whether any number of classes apply, or one.

    Shape:
        []
    """
    if not multilabel:
        return F.kl_div(logits.log_softmax(-1), taught.log_softmax(-1), reduction="batchmean", log_target=True)
    ours, theirs = (F.logsigmoid(torch.stack([one, -one])) for one in (logits, taught))  # [2, B, C]
    return F.kl_div(ours, theirs, reduction="sum", log_target=True) / logits.numel()
