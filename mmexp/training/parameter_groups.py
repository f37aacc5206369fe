"""Groups of weights that share weight decay and learning rate."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from mmexp.method.base import Method

SCALE = "lr_scale"
"""Key of a group: what its learning rate is over that of the optimizer."""


def parameter_groups(model: nn.Module, method: Method) -> list[dict[str, Any]]:
    """Group the trained weights: matrices decay as the optimizer says, vectors (biases, norms) never do.

    Args:
        model: Whose weights they are.
        method: Scales the learning rate of each.
    """
    groups: dict[tuple[float, bool], dict[str, Any]] = {}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            scale, decays = method.scale(name), weight.ndim > 1
            own = {SCALE: scale, **({} if decays else {"weight_decay": 0.0})}
            groups.setdefault((scale, not decays), {"params": [], **own})["params"].append(weight)
    return [groups[key] for key in sorted(groups, key=lambda key: (-key[0], key[1]))]


def trained(optimizer: Optimizer) -> list[Tensor]:
    """Return the weights of an optimizer: those of a model take long to find, where most of them are frozen."""
    return [weight for group in optimizer.param_groups for weight in group["params"]]


def scale_learning_rates(optimizer: Optimizer) -> None:
    """Scale the learning rate of each group; called once, before there is a schedule."""
    for group in optimizer.param_groups:
        group["lr"] *= group.get(SCALE, 1.0)
