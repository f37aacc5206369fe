"""Train every weight."""

from __future__ import annotations

from torch import nn

from mmexp.method.base import Learning


class FullLearning(Learning):
    """Train every weight."""

    def choose(self, model: nn.Module) -> None:
        model.requires_grad_(True)
