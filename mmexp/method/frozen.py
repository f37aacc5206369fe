"""Train what stands on top of pretrained encoders."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

from mmexp.encoder.backbone import pretrained_parts
from mmexp.error import ConfigError
from mmexp.method.base import Method


class FrozenMethod(Method):
    """Train everything but some weights: those of pretrained backbones, unless others are named.

    Source: Tsimpoukelli et al. 2021, "Multimodal Few-Shot Learning with Frozen Language Models",
    https://arxiv.org/abs/2106.13884; linear probes: Alain and Bengio 2016, https://arxiv.org/abs/1610.01644.

    Args:
        parts: Names of weights, or patterns of them such as ``encoders.image.*``; a name stands for all below it. None
            takes every backbone that is pretrained.

    Raises:
        ConfigError: If a part names no weight of the model, or there is no pretrained backbone.
    """

    def __init__(self, *, parts: Sequence[str] | None = None) -> None:
        self.parts = None if parts is None else tuple(parts)

    def prepare(self, model: nn.Module) -> None:
        model.requires_grad_(True)
        parts = pretrained_parts(model) if self.parts is None else self.parts
        if not parts:
            rule = "method: frozen must have a pretrained encoder to freeze, got none"
            raise ConfigError(f"{rule}.", "Add encoder/text=hf or encoder/image=timm encoder.image.pretrained=true")
        for part in parts:
            found = [weight for name, weight in model.named_parameters() if _below(name, part)]
            if not found:
                known = ", ".join(dict.fromkeys(".".join(name.split(".")[:2]) for name, _ in model.named_parameters()))
                raise ConfigError(f"method: parts must name weights, such as those of {known}; got '{part}'.")
            for weight in found:
                weight.requires_grad_(False)


def _below(name: str, part: str) -> bool:
    return fnmatchcase(name, part) or fnmatchcase(name, f"{part}.*")
