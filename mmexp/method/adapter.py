"""What methods share that train small adapters inside frozen, pretrained encoders."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from torch import nn

from mmexp.encoder.backbone import BackboneEncoder, pretrained
from mmexp.error import ConfigError
from mmexp.method.base import Method

ALL = "all-linear"
"""Stands for every linear layer in peft."""


class AdapterMethod(Method):
    """Freeze pretrained backbones and train adapters within them, and everything else as a whole.

    The adapters are those of the library peft.

    Source: Houlsby et al. 2019, "Parameter-Efficient Transfer Learning for NLP", https://arxiv.org/abs/1902.00751.

    Args:
        encoders: Modalities whose encoders get adapters; None for every pretrained one. The others stay frozen.
        target_modules: Names of the layers that are adapted, as in peft, such as ``[query, value]``; None takes what
            peft knows of the architecture, and every linear layer if it does not know it.

    Raises:
        ConfigError: If peft is not installed, no encoder is pretrained, a modality has no such encoder, or there are no
            such layers.
    """

    def __init__(self, *, encoders: Sequence[str] | None, target_modules: Sequence[str] | None) -> None:
        self.encoders = None if encoders is None else tuple(encoders)
        self.target_modules = None if target_modules is None else list(target_modules)

    @abstractmethod
    def config(self, target_modules: list[str] | str | None) -> Any:
        """Return the config of the adapter for some layers, as peft has it."""

    def prepare(self, model: nn.Module) -> None:
        model.requires_grad_(True)
        found = {name.removeprefix("encoders."): encoder for name, encoder in pretrained(model).items()}
        if not found:
            rule = f"{type(self).__name__}: model must have a pretrained encoder to adapt, got none"
            raise ConfigError(f"{rule}.", "Add encoder/text=hf")
        unknown = [name for name in self.encoders or () if name not in found]
        if unknown:
            known = ", ".join(found)
            raise ConfigError(f"method.encoders must be among the pretrained {known}, got '{unknown[0]}'.")
        for name, encoder in found.items():
            encoder.backbone.requires_grad_(False)
            if self.encoders is None or name in self.encoders:
                self._adapt(name, encoder)

    def _adapt(self, name: str, encoder: BackboneEncoder) -> None:
        inner = getattr(encoder.backbone, "model", encoder.backbone)
        try:
            self._inject(inner)
        except ImportError as fault:
            rule = "method: peft must be installed to train adapters, got none"
            raise ConfigError(f"{rule}.", "Run: pip install peft") from fault
        except ValueError as fault:
            layers = list(dict.fromkeys(one.rpartition(".")[2] for one, part in inner.named_modules() if _linear(part)))
            rule = f"method.target_modules must name layers of the encoder of {name}, such as {', '.join(layers[:8])}"
            raise ConfigError(f"{rule}, got {self.target_modules}.") from fault

    def _inject(self, model: nn.Module) -> None:
        from peft import inject_adapter_in_model

        if self.target_modules is None:
            with suppress(ValueError):  # an architecture that peft does not know
                inject_adapter_in_model(self.config(None), model)
                return
        inject_adapter_in_model(self.config(self.target_modules or ALL), model)


def _linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear | nn.Conv2d)
