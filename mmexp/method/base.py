"""What of a model is trained, and by which objective in addition to the task's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from mmexp.contract import Batch
from mmexp.sampler.base import Sampler

if TYPE_CHECKING:
    from pytorch_lightning import Callback


class Method(ABC):
    """A learning method: fine-tuning in full, frozen encoders, adapters, distillation ...

    It chooses the weights that are trained, may add modules to the model before the optimizer is made, losses to the
    task's, and callbacks to the loop. Its arguments are its constructor's.

    Attributes:
        teacher: RUN whose model ``learn_from`` is given before training; None if it needs none.
        unlabeled: Whether it learns from samples without targets.
        weak: Whether its losses read the batch as it was before ``augment``, which only the model then sees.

    Example:
        >>> from torch import nn
        >>> from mmexp import Method
        >>> class BiasMethod(Method):
        ...     def prepare(self, model):
        ...         for name, weight in model.named_parameters():
        ...             weight.requires_grad_(name.endswith("bias"))
        >>> model = nn.Linear(3, 2)
        >>> BiasMethod().prepare(model)
        >>> [name for name, weight in model.named_parameters() if weight.requires_grad]
        ['bias']
    """

    teacher: str | None = None
    unlabeled: bool = False
    weak: bool = False

    @abstractmethod
    def prepare(self, model: nn.Module) -> None:
        """Set ``requires_grad`` of each weight, and add what the method trains of its own.

        Called once, before weights are loaded; what it adds must not depend on their values.
        """

    def scale(self, name: str) -> float:
        """Return the learning rate of a weight over that of the optimizer, by its name in the model."""
        return 1.0

    def learn_from(self, teacher: nn.Module) -> None:  # noqa: B027
        """Take the trained model of ``teacher``, in evaluation mode, which reads the same batches."""

    def losses(self, model: nn.Module, outputs: Mapping[str, Any], batch: Batch) -> dict[str, Tensor]:
        """Return scalars to add to the task's losses in a training step, by name.

        Args:
            model: The model that is trained, in training mode.
            outputs: What its forward pass on the batch returned.
            batch: The batch, as the task reads it; if ``weak``, the weaker of its ``views``.
        """
        return {}

    def step(
        self, model: nn.Module, objective: Callable[[Batch], dict[str, Tensor]], batch: Batch
    ) -> dict[str, Tensor]:
        """Return the losses of a training step by name, whose sum is differentiated; by itself those of the batch.

        Args:
            model: The model that is trained.
            objective: Returns all losses of a batch.
            batch: The batch; empty if the sampler draws none.
        """
        return objective(batch)

    def sampler(self, given: Sampler | None) -> Sampler | None:
        """Return what draws its batches, which is by itself what the config says."""
        return given

    def notes(self, *, size: int, batch_size: int, steps: int, pretrained: str | None) -> list[str]:
        """Say what a user should know of it before training, a line each.

        Args:
            size: Samples of the training split.
            batch_size: Of them in a batch.
            steps: Optimizer steps of the whole run.
            pretrained: RUN that its weights start from; None if there is none.
        """
        return []

    def callbacks(self) -> Sequence[Callback]:
        """Return callbacks of its own for the trainer."""
        return []

    def summary(self) -> Mapping[str, Any]:
        """Return what ``summary.json`` holds of it after training."""
        return {}
