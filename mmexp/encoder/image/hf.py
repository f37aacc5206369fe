"""Any image model of transformers, pretrained."""

from __future__ import annotations

from mmexp.encoder.backbone import Origin
from mmexp.encoder.image.backbone import BackboneImageEncoder
from mmexp.layer.hf import load_backbone, read_processor
from mmexp.transform.image import ImageTransform
from mmexp.weights.locate import locate

_HALF = (0.5, 0.5, 0.5)


class HfImageEncoder(BackboneImageEncoder):
    """Encode an image with a model of transformers (ViT, DINOv2, SigLIP, the image side of CLIP ...), a token per cell.

    A class token, where the model has one, is a cell as well.

    Source: Wolf et al. 2020, "Transformers: State-of-the-Art Natural Language Processing",
    https://aclanthology.org/2020.emnlp-demos.6. Differs: no pooling, since that is a part; a linear map to dim, learned
    positions and LayerNorm follow.

    Args:
        dim: Width D of the tokens.
        transform: Resizing and augmentation of the image; positions are interpolated where the model can do so.
        model: Package, folder, or repository of the hub; see ``mmexp.weights.locate``.
        revision: Branch, tag or commit of a repository.
        pretrained: Start from its weights; at random if not, which needs its config all the same.
        layer: Whose features are taken, as in ``mmexp.layer.hf.Backbone``.
        dropout: Probability of dropping a feature of the model.
        grid: Side of the grid that the cells of a map are averaged to; None keeps all of them.

    Shape:
        uint8 [B, 3, H, W] -> Tokens [B, N, D].

    Raises:
        ConfigError: If the model is not there, is no image model, does not fill its weights, has no such layer, or does
            not take images of that size.
    """

    packages = ("transformers",)

    def __init__(
        self,
        *,
        dim: int,
        transform: ImageTransform,
        model: str,
        revision: str | None = None,
        pretrained: bool = False,
        layer: int | None = None,
        dropout: float = 0.0,
        grid: int | None = None,
    ) -> None:
        found = locate(model, revision)
        backbone = load_backbone(found.path, "image", layer=layer, pretrained=pretrained)
        known = read_processor(found.path)
        other = transform.image_size != getattr(backbone.config, "image_size", None)
        backbone.interpolate = other and backbone.can_interpolate
        super().__init__(
            dim=dim,
            transform=transform,
            backbone=backbone,
            width=backbone.width,
            origin=Origin(model, found.revision, pretrained),
            mean=known.get("image_mean", _HALF),
            std=known.get("image_std", _HALF),
            dropout=dropout,
            grid=grid,
        )
        self.files = found.path
