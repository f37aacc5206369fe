"""Heads that answer from one modality alone, next to the fused ones."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mmexp.contract import Batch, Tokens
from mmexp.error import ConfigError
from mmexp.fusion.none import NoFusion


class UnimodalHeads(nn.Module):
    """Train a copy of the task for each modality, on the tokens of that modality alone.

    They read what the fusion is given in the same pass, so that nothing is encoded twice.

    Args:
        model: With ``encoders``, ``missing`` and ``task``; the task must fuse jointly.
        detached: Whether the heads leave the encoders as they are.

    Raises:
        ConfigError: If there are fewer than two modalities, or the task keeps the positions of one.
    """

    def __init__(self, model: Any, *, detached: bool) -> None:
        super().__init__()
        names, task = list(model.encoders), model.task
        if len(names) < 2:
            raise ConfigError(f"method: inputs must be at least two, got {', '.join(names)}.", "Set method=full.")
        if task.anchor is not None:
            name = type(task).__name__
            raise ConfigError(
                f"method: task must fuse jointly, got {name}, which keeps the positions of {task.anchor}."
            )
        self.heads = nn.ModuleList(copy.deepcopy(task) for _ in names)
        self.names, self.detached = names, detached
        self.tokens: Mapping[str, Tokens] = {}
        model.missing.register_forward_pre_hook(self._keep)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of each head on the batch that the model has just read, by modality.

        Raises:
            ValueError: If the model has not read it in training mode.
        """
        if not self.tokens:
            raise ValueError("UnimodalHeads: model must have read the batch in training mode, got no tokens.")
        found = {}
        heads: Iterator[Any] = iter(self.heads)
        for name, head in zip(self.names, heads, strict=True):
            own = self.tokens[name]
            tokens = {name: Tokens(own.features.detach(), own.mask) if self.detached else own}
            outputs = head(tokens, NoFusion(dim=own.features.shape[-1], modalities=[name]), batch)
            found[name] = torch.stack(list(head.losses(outputs, batch).values())).sum()
        self.tokens = {}
        return found

    def _keep(self, module: nn.Module, given: tuple[Mapping[str, Tokens]]) -> None:
        if module.training:
            self.tokens = given[0]


def add_heads(model: nn.Module, *, detached: bool) -> UnimodalHeads:
    """Add heads to a model as ``unimodal``, and return them.

    Raises:
        ConfigError: If it has some already.
    """
    if any(name == "unimodal" for name, _ in model.named_children()):
        raise ConfigError("method: trains must be a method that adds no heads on each modality, got one that does.")
    heads = UnimodalHeads(model, detached=detached)
    model.add_module("unimodal", heads)
    return heads


def heads_of(model: nn.Module) -> UnimodalHeads:
    """Return the heads that were added to a model as ``unimodal``."""
    heads = model.get_submodule("unimodal")
    if not isinstance(heads, UnimodalHeads):
        raise TypeError(f"model: unimodal must be UnimodalHeads, got {type(heads).__name__}.")
    return heads
