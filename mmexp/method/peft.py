"""What methods share whose adapters are those of the library peft."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from torch import nn

from mmexp.encoder.backbone import BackboneModule
from mmexp.error import ConfigError
from mmexp.method.adapter import AdapterMethod

ALL = "all-linear"
"""Stands for every linear layer in peft."""


class PeftMethod(AdapterMethod):
    """Train adapters of the library peft within layers of frozen backbones.

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
        super().__init__(encoders=encoders)
        self.target_modules = None if target_modules is None else list(target_modules)

    @abstractmethod
    def config(self, target_modules: list[str] | str | None) -> Any:
        """Return the config of the adapter for some layers, as peft has it."""

    def adapt(self, name: str, encoder: BackboneModule) -> None:
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

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "fan_in_fan_out")  # peft then sets it
            if self.target_modules is None:
                with suppress(ValueError):  # an architecture that peft does not know
                    inject_adapter_in_model(self.config(None), model)
                    return
            inject_adapter_in_model(self.config(self.target_modules or ALL), model)


def _linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear | nn.Conv2d) or type(module).__name__ == "Conv1D"  # a linear layer of GPT-2
