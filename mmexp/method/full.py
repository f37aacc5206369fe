"""Train every weight."""

from __future__ import annotations

from torch import nn

from mmexp.encoder.backbone import pretrained_parts
from mmexp.method.base import Method


class FullMethod(Method):
    """Train every weight on the losses of the task alone, those that are pretrained more slowly.

    Source: Howard and Ruder 2018, "Universal Language Model Fine-tuning for Text Classification",
    https://arxiv.org/abs/1801.06146, sec. 3.2, discriminative fine-tuning. Differs: two rates.

    Args:
        pretrained_lr: Learning rate of the weights of pretrained backbones, over that of all others.

    Raises:
        ValueError: If pretrained_lr is not positive.
    """

    def __init__(self, *, pretrained_lr: float = 0.05) -> None:
        if pretrained_lr <= 0:
            raise ValueError(f"FullMethod: pretrained_lr must be positive, got {pretrained_lr}.")
        self.pretrained_lr = pretrained_lr
        self._pretrained: tuple[str, ...] = ()

    def prepare(self, model: nn.Module) -> None:
        model.requires_grad_(True)
        self._pretrained = tuple(f"{name}." for name in pretrained_parts(model))

    def scale(self, name: str) -> float:
        return self.pretrained_lr if name.startswith(self._pretrained) else 1.0
