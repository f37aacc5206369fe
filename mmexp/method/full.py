"""Train every weight."""

from __future__ import annotations

from torch import nn

from mmexp.method.base import Method


class FullMethod(Method):
    """Train every weight on the losses of the task alone."""

    def prepare(self, model: nn.Module) -> None:
        model.requires_grad_(True)
