"""Gradual unfreezing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
from torch import nn

from mmexp.encoder.backbone import pretrained
from mmexp.method.base import Method


class GradualMethod(Method):
    """Train an encoder layer by layer from its top, and lower layers at smaller learning rates.

    The height of a layer is counted from what stands on the encoders, which is 0: a layer of height h trains from epoch
    ``h every`` on, at ``decay^h`` of the learning rate. Layers are the children of the longest stack in an encoder;
    what comes before it is one layer more, what comes after it is of the height of its last. A pretrained
    decoder has layers, too.

    Source: Howard and Ruder 2018, "Universal Language Model Fine-tuning for Text Classification",
    https://arxiv.org/abs/1801.06146, sections 3.2 and 3.3; the decay as in Clark et al. 2020, "ELECTRA",
    https://arxiv.org/abs/2003.10555, appendix A. Differs: gradients of layers that do not train yet are computed and
    dropped.

    Args:
        every: Epochs between two layers; 0 trains all from the start.
        decay: Learning rate of a layer over that of the one above, in (0, 1].

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(self, *, every: float = 1.0, decay: float = 0.8) -> None:
        if every < 0:
            raise ValueError(f"GradualMethod: every must be at least 0, got {every}.")
        if not 0 < decay <= 1:
            raise ValueError(f"GradualMethod: decay must be in (0, 1], got {decay}.")
        self.every, self.decay = every, decay
        self.heights: dict[str, int] = {}

    def prepare(self, model: nn.Module) -> None:
        model.requires_grad_(True)
        self.heights = heights_of(model)

    def scale(self, name: str) -> float:
        return float(self.decay ** self.heights.get(name, 0))

    def callbacks(self) -> Sequence[pl.Callback]:
        return [UnfreezeCallback(self.heights, self.every)] if self.every else []


class UnfreezeCallback(pl.Callback):
    """Drop the gradients of what does not train yet; a function of the number of the batch alone.

    Args:
        heights: Of the weights of the model, by name.
        every: Epochs between two heights.
    """

    def __init__(self, heights: dict[str, int], every: float) -> None:
        self.heights, self.every = heights, every

    def on_after_backward(self, trainer: pl.Trainer, pl_module: Any) -> None:
        batch = trainer.fit_loop.epoch_loop.batch_progress.current.ready - 1
        epoch = batch / trainer.datamodule.per_epoch  # type: ignore[attr-defined]
        for name, weight in pl_module.model.named_parameters():
            if self.heights.get(name, 0) * self.every > epoch:
                weight.grad = None


def heights_of(model: nn.Module) -> dict[str, int]:
    """Return how far each weight of an encoder is from the top, by its name in the model; 1 is the last layer.

    A decoder that has read weights counts as one: its backbone, as what comes before it starts at random.
    """
    found: dict[str, int] = {}
    parts = {f"encoders.{name}": encoder for name, encoder in model.get_submodule("encoders").named_children()}
    others = (pair for pair in pretrained(model).items() if not pair[0].startswith("encoders."))
    for name, part in {**parts, **{f"{name}.backbone": one.backbone for name, one in others}}.items():
        stack, size = longest_stack(part)
        height = size + (1 if stack is not None else 0)
        for key, _ in part.named_parameters():
            if stack is not None and key.startswith(stack):
                height = size - int(key.removeprefix(stack).partition(".")[0])
            elif stack is not None and height <= size:
                height = 1  # after the stack
            found[f"{name}.{key}"] = max(height, 1)
    return found


def longest_stack(encoder: nn.Module) -> tuple[str | None, int]:
    """Return the prefix and length of the longest list of layers in an encoder; None if it has none."""
    stacks = [
        (f"{name}." if name else "", len(part))
        for name, part in encoder.named_modules()
        if isinstance(part, nn.ModuleList | nn.Sequential) and any(True for _ in part.parameters())
    ]
    return max(stacks, key=lambda pair: pair[1], default=(None, 0))
