"""The one model: encoders, a fusion and a task, in the order of the formula ``z = p(h(f(x), g(y)))``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from mmexp.contract import Batch, Outputs, Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.fusion.base import Fusion
from mmexp.missing.base import Missing
from mmexp.task.base import Task
from mmexp.transform.base import Transform


class KnownTokens(Padded):
    """What an encoder gave for a batch before, in place of its input: values [B, N, D], mask [B, N]."""


class Model(nn.Module):
    """Encode each input, settle what is missing, then let the task ask the fusion.

    Args:
        encoders: By modality; their order is the order of the inputs.
        missing: Decides what the fusion is given of a modality that a sample lacks.
        fusion: Fuses the tokens.
        task: Head, objective and measure.
        modality_dropout: Probability of dropping one random modality of a training sample; the one whose positions the
            task keeps is never dropped.

    Attributes:
        origins: By encoder that has read weights where they come from, their hash, and whether a checkpoint leaves some
            of them to their source.
    """

    def __init__(
        self,
        *,
        encoders: Mapping[str, Encoder],
        missing: Missing,
        fusion: Fusion,
        task: Task,
        modality_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.encoders = Encoders(encoders)
        self.missing = missing
        self.fusion = fusion
        self.task = task
        self.modality_dropout = modality_dropout
        self.origins: dict[str, dict[str, Any]] = {}

    @property
    def transforms(self) -> dict[str, Transform]:
        """How each input becomes what its encoder reads, in the order of the inputs."""
        return {name: cast(Encoder, encoder).transform for name, encoder in self.encoders.items()}

    def forward(self, batch: Batch) -> Outputs:
        batch = self.task.shown(batch)
        tokens = {name: encoded(encoder, batch.inputs[name]) for name, encoder in self.encoders.items()}
        if self.training and self.modality_dropout and len(tokens) > 1:
            free = {name: own for name, own in tokens.items() if name != self.task.anchor}
            tokens = {**tokens, **drop_one(free, self.modality_dropout)}
        return self.task(self.missing(tokens), self.fusion, batch)  # type: ignore[no-any-return]


class Encoders(nn.ModuleDict):
    """Encoders by modality, of any name: also of one that a method of ``nn.ModuleDict`` has, such as ``items``.

    Args:
        encoders: In order.
    """

    def __init__(self, encoders: Mapping[str, Encoder]) -> None:
        super().__init__()
        self._modules.update(encoders)


def encoded(encoder: nn.Module, inputs: Padded) -> Tokens:
    """Return the tokens of an input; those that are known are not computed again."""
    if isinstance(inputs, KnownTokens):
        return Tokens(inputs.values, inputs.mask)
    return encoder(inputs)  # type: ignore[no-any-return]


def drop_one(tokens: Mapping[str, Tokens], probability: float) -> dict[str, Tokens]:
    """Mask one modality, drawn uniformly, in each row with a probability.

    Source: Neverova et al. 2016, "ModDrop". Differs: never more than one of them.
    """
    some = next(iter(tokens.values())).features
    rows = some.shape[0]
    dropped = torch.randint(len(tokens), (rows,), device=some.device)  # [B]
    dropped = dropped.masked_fill(torch.rand(rows, device=some.device) >= probability, -1)
    return {name: Tokens(own.features, own.mask & _kept(dropped, i)) for i, (name, own) in enumerate(tokens.items())}


def _kept(dropped: Tensor, modality: int) -> Tensor:
    return (dropped != modality).unsqueeze(1)
