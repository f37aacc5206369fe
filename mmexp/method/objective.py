"""What methods share that add an objective to the task's, whatever is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from mmexp.contract import Batch
from mmexp.method.base import Method

if TYPE_CHECKING:
    from pytorch_lightning import Callback


class ObjectiveMethod(Method):
    """Train what another method trains, and as that one does; an objective is added by those that inherit from this.

    That may be an objective too, which then counts as well.

    Args:
        trains: Chooses the weights that are trained, and their learning rates.
    """

    def __init__(self, *, trains: Method) -> None:
        self.trains = trains
        self.teacher, self.unlabeled = trains.teacher, self.unlabeled or trains.unlabeled
        self.weak = self.weak or trains.weak

    def prepare(self, model: nn.Module) -> None:
        self.trains.prepare(model)

    def scale(self, name: str) -> float:
        return self.trains.scale(name)

    def learn_from(self, teacher: nn.Module) -> None:
        self.trains.learn_from(teacher)

    def losses(self, model: nn.Module, outputs: Mapping[str, Any], batch: Batch) -> dict[str, Tensor]:
        return self.trains.losses(model, outputs, batch)

    def callbacks(self) -> Sequence[Callback]:
        return self.trains.callbacks()
