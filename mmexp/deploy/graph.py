"""The network of a run as functions of plain tensors, which is what a graph can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from torch import Tensor, nn

from mmexp.contract import Batch, Outputs, Padded, Tokens
from mmexp.task.base_generation import TextGeneration
from mmexp.training.model import Model

Values = dict[str, Tensor]
"""Tensors by dotted name, such as ``logits`` or ``image.features``."""
TOKENS = ("features", "features_mask")
"""Last parts of the names of tokens; ``mask`` is that of the values they are made of."""


class Graph(nn.Module):
    """Compute what a task's network gives from the values and the mask of each input, in turn.

    Args:
        model: Encoders, fusion and task, trained.

    Attributes:
        inputs: Names of the inputs, in order.
        names: Of the tensors, in order, such as ``image.values`` and ``image.mask``.

    Shape:
        values [B, ...] or [B, L, ...] and mask [B] or [B, L] of each input -> tensors by name.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.inputs = tuple(model.encoders)
        self.names = tuple(f"{name}.{part}" for name in self.inputs for part in ("values", "mask"))
        self.encoders = nn.ModuleList(model.encoders.values())
        self.missing, self.fusion, self.task = model.missing, model.fusion, model.task

    def forward(self, *tensors: Tensor) -> Values:
        pairs = zip(self.inputs, tensors[::2], tensors[1::2], strict=True)
        batch = Batch({name: Padded(values, mask) for name, values, mask in pairs}, {}, ())
        encoders = zip(self.inputs, self.encoders, strict=True)
        tokens = self.missing({name: encoder(batch.inputs[name]) for name, encoder in encoders})
        return self.outputs(tokens, batch)

    def outputs(self, tokens: Mapping[str, Tokens], batch: Batch) -> Values:
        """Return what the task's network gives from the tokens of the inputs."""
        return dict(flatten(self.task.network(tokens, self.fusion, batch)))

    def tensors(self, batch: Batch) -> tuple[Tensor, ...]:
        """Return what ``forward`` takes of a batch."""
        return tuple(part for name in self.inputs for part in (batch.inputs[name].values, batch.inputs[name].mask))


class TokensGraph(Graph):
    """Compute the tokens that each word of a text is fused with: ``image.features``, ``image.features_mask`` ..."""

    def outputs(self, tokens: Mapping[str, Tokens], batch: Batch) -> Values:
        placed = cast(TextGeneration, self.task).placed(tokens)
        pairs = ((name, (own.features, own.mask)) for name, own in placed.items())
        return {f"{name}.{part}": value for name, own in pairs for part, value in zip(TOKENS, own, strict=True)}


class StepGraph(nn.Module):
    """Predict the next word of texts from the ids so far and the tokens of the inputs.

    Args:
        model: Trained; its task generates text.

    Attributes:
        names: Of the tensors, in order: ``ids``, then those that ``TokensGraph`` gives.

    Shape:
        ids [B, T], features [B, N, D] and mask [B, N] of each input -> ``logits`` [B, V].
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.inputs = tuple(model.encoders)
        self.names = ("ids", *(f"{name}.{part}" for name in self.inputs for part in TOKENS))
        self.fusion, self.decoder = model.fusion, cast(TextGeneration, model.task).decoder

    def forward(self, *tensors: Tensor) -> Values:
        ids, *rest = tensors
        pairs = zip(self.inputs, rest[::2], rest[1::2], strict=True)
        tokens = {name: Tokens(features, mask) for name, features, mask in pairs}
        return {"logits": self.decoder.follow(ids, self.fusion.bind(tokens))}


def flatten(outputs: Mapping[str, Any], front: str = "") -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of outputs with their dotted names; what is no tensor is left out."""
    for name, value in outputs.items():
        if isinstance(value, Tensor):
            yield f"{front}{name}", value
        elif isinstance(value, Mapping):
            yield from flatten(value, f"{front}{name}.")


def nest(values: Mapping[str, Tensor]) -> Outputs:
    """Return tensors by dotted name as the outputs that they were."""
    outputs: Outputs = {}
    for path, value in values.items():
        *above, name = path.split(".")
        place = outputs
        for part in above:
            place = place.setdefault(part, {})
        place[name] = value
    return outputs


def with_length(names: Sequence[str], tensors: Sequence[Tensor]) -> list[bool]:
    """Return which tensors have a length in their second dimension: as their mask has, and ids have."""
    fronts = [name.rpartition(".")[0] for name in names]
    lasting = {
        front: mask.ndim > 1 for front, name, mask in zip(fronts, names, tensors, strict=True) if name.endswith("mask")
    }
    return [lasting.get(front, True) and value.shape[1] > 1 for front, value in zip(fronts, tensors, strict=True)]
