"""What the encoders share that are models of transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from mmexp.contract import Tokens
from mmexp.encoder.backbone import BackboneEncoder, Origin
from mmexp.layer.hf import Backbone, Side, load_backbone
from mmexp.weights.locate import locate


class HfEncoder(BackboneEncoder):
    """Adapt the features of a model of transformers by a linear map to dim and LayerNorm.

    Source: Wolf et al. 2020, "Transformers: State-of-the-Art Natural Language Processing",
    https://aclanthology.org/2020.emnlp-demos.6. Differs: no pooling, since that is a part.

    Args:
        dim: Width D of the tokens.
        model: Package, folder, or repository of the hub; see ``mmexp.weights.locate``.
        revision: Branch, tag or commit of a repository.
        pretrained: Start from its weights; at random if not, which needs its other files all the same.
        layer: Whose features are taken, as in ``mmexp.layer.hf.Backbone``.
        dropout: Probability of dropping a feature of the model.

    Attributes:
        side: What the model reads.

    Shape:
        features [B, N, C] -> Tokens [B, N, D].

    Raises:
        ConfigError: If the model is not there, reads something else, does not fill its weights or has no such layer.
    """

    side: Side
    packages = ("transformers",)
    backbone: Backbone
    files: Path

    def __init__(
        self,
        *,
        dim: int,
        model: str,
        revision: str | None,
        pretrained: bool,
        layer: int | None,
        dropout: float,
    ) -> None:
        super().__init__()
        found = locate(model, revision)
        self.files, self.origin = found.path, Origin(model, found.revision, pretrained)
        self.backbone = load_backbone(found.path, self.side, layer=layer, pretrained=pretrained)
        self.dropout = nn.Dropout(dropout)
        self.width = self.backbone.width
        self.project = nn.Linear(self.width, dim)
        self.norm = nn.LayerNorm(dim)

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "settings": self.backbone.settings}

    def adapt(self, features: Tokens) -> Tokens:
        return Tokens(self.norm(self.project(self.dropout(features.features))), features.mask)
