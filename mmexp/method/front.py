"""What methods share that train vectors in front of the words of frozen models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from torch import nn

from mmexp.encoder.backbone import BackboneModule
from mmexp.error import ConfigError
from mmexp.layer.front import Front
from mmexp.layer.hf import Backbone
from mmexp.layer.language_model import LanguageModel
from mmexp.method.adapter import AdapterMethod


class FrontMethod(AdapterMethod):
    """Train what a frozen model of transformers reads before each text.

    Args:
        encoders: Modalities whose encoders are adapted, a decoder by its key such as ``task.decoder``; None for all
            that are pretrained. The others stay frozen.
        length: Positions before the text.

    Raises:
        ConfigError: If no encoder is pretrained, one of them reads no words, or it has too few positions.
        ValueError: If length < 1.
    """

    def __init__(self, *, encoders: Sequence[str] | None = None, length: int = 20) -> None:
        super().__init__(encoders=encoders)
        if length < 1:
            raise ValueError(f"{type(self).__name__}: length must be at least 1, got {length}.")
        self.length = length

    @abstractmethod
    def front(self, model: nn.Module) -> Front:
        """Return what stands before the words of a model of transformers."""

    def adapt(self, name: str, encoder: BackboneModule) -> None:
        backbone = encoder.backbone
        if not isinstance(backbone, Backbone | LanguageModel) or not backbone.reads_words:
            rule = f"{type(self).__name__}: encoder must be a model of transformers that reads words"
            raise ConfigError(f"{rule}, got that of {name}.", "Name those that do, such as method.encoders=[text].")
        if backbone.spare is not None and self.length > backbone.spare:
            rule = f"{type(self).__name__}: length must be at most the {backbone.spare} positions left of {name}"
            raise ConfigError(f"{rule}, got {self.length}.", "Set its max_length lower.")
        backbone.front = self.front(backbone.model)
