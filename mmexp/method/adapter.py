"""What methods share that train little inside frozen, pretrained encoders and decoders."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from torch import nn

from mmexp.encoder.backbone import BackboneModule, pretrained
from mmexp.error import ConfigError
from mmexp.method.base import Method


class AdapterMethod(Method):
    """Freeze pretrained backbones and train what is added to them, and everything else as a whole.

    Args:
        encoders: Modalities whose encoders are adapted, a decoder by its key such as ``task.decoder``; None for all
            that are pretrained. The others stay frozen.

    Raises:
        ConfigError: If no encoder is pretrained, or a modality has no such encoder.
    """

    def __init__(self, *, encoders: Sequence[str] | None) -> None:
        self.encoders = None if encoders is None else tuple(encoders)

    @abstractmethod
    def adapt(self, name: str, encoder: BackboneModule) -> None:
        """Add what is trained to the frozen backbone of an encoder.

        Args:
            name: Of the encoder, as ``encoders`` has it.
            encoder: It, or a decoder.
        """

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
        for encoder in found.values():
            encoder.backbone.requires_grad_(False)
        for name in found if self.encoders is None else self.encoders:
            self.adapt(name, found[name])
