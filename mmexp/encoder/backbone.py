"""Parts with a pretrained backbone: encoders, whose features are adapted to the width of the tokens, and decoders."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder


class Features(Padded):
    """What a frozen backbone gave for a batch once, in place of the input: values [B, N, C], mask [B, N]."""


@dataclass(frozen=True)
class Origin:
    """Where the weights of a backbone come from.

    Args:
        model: As the config names it.
        revision: Commit of its repository; empty if it has none.
        pretrained: Whether the weights are those that the model came with, read here or held by a checkpoint; random
            otherwise.
    """

    model: str
    revision: str = ""
    pretrained: bool = False


class FeatureEncoder(Encoder):
    """Encode in two steps, extract features and adapt them to dim: ``forward(x) = adapt(extract(x))``.

    Given ``Features``, it only adapts them.
    """

    packages: Sequence[str] = ()
    """Those that features depend on: another version may give others."""

    @property
    def extractor(self) -> BackboneEncoder | None:
        """The encoder, this one or one within it, on whose backbone alone the features depend; None if on more."""
        return None

    def describe(self) -> dict[str, Any]:
        """Return all that features depend on but weights of a backbone and the prepared input, as plain JSON."""
        return {"class": f"{type(self).__module__}.{type(self).__qualname__}"}

    @abstractmethod
    def extract(self, inputs: Padded) -> Tokens:
        """Return the features. -> [B, N, C]"""

    @abstractmethod
    def adapt(self, features: Tokens) -> Tokens:
        """Project features to the width of the tokens. [B, N, C] -> [B, N, D]"""

    def forward(self, inputs: Padded) -> Tokens:
        return self.adapt(Tokens(inputs.values, inputs.mask) if isinstance(inputs, Features) else self.extract(inputs))


class BackboneModule(nn.Module):
    """Hold a backbone that may come with weights.

    While no weight of the backbone is trained it is in evaluation mode: without dropout, with the statistics its norms
    came with.

    Attributes:
        backbone: Everything that came with weights, and nothing else.
        origin: Where those come from.
        files: Folder of all that it is built from besides weights, such as config and tokenizer; None if it needs none.
        in_checkpoint: Whether a checkpoint holds all of its weights, frozen ones too, as those of its source are others
            or need not be there.
    """

    backbone: nn.Module
    origin: Origin
    files: Path | None = None
    in_checkpoint: bool = False

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.backbone.train(mode and not is_frozen(self.backbone))
        return self


class BackboneEncoder(BackboneModule, FeatureEncoder):
    """Extract features with a backbone that may come with weights; what adapts them is trained.

    The features of a frozen one depend on the input alone, and may be computed once.

    Attributes:
        width: Channels C of its features.
    """

    width: int

    @property
    def extractor(self) -> BackboneEncoder:
        return self

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "model": self.origin.model}


def pretrained(model: nn.Module) -> dict[str, BackboneModule]:
    """Return the encoders and decoders whose backbone is pretrained, by their name in a model."""
    found = {name: one for name, one in model.named_modules() if isinstance(one, BackboneModule)}
    return {name: one for name, one in found.items() if one.origin.pretrained}


def pretrained_parts(model: nn.Module) -> list[str]:
    """Name every backbone that is pretrained."""
    return [f"{name}.backbone" for name in pretrained(model)]


def frozen(model: nn.Module) -> dict[str, BackboneEncoder]:
    """Return the encoders no weight of whose backbone is trained, by their name in a model."""
    found = {name: one for name, one in model.named_modules() if isinstance(one, BackboneEncoder)}
    return {name: one for name, one in found.items() if is_frozen(one.backbone)}


def is_frozen(module: nn.Module) -> bool:
    """Whether no weight of a module is trained."""
    return not any(weight.requires_grad for weight in module.parameters())


def fingerprint(module: nn.Module) -> str:
    """Hash names, types and values of all weights and buffers."""
    found = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        found.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        found.update(_bytes(value))
    return found.hexdigest()


def _bytes(value: Tensor) -> memoryview:
    return value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
