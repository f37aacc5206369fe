"""Any image model of timm, pretrained or not."""

from __future__ import annotations

from typing import Any

import timm
from safetensors import SafetensorError
from torch import Tensor

from mmexp.encoder.backbone import Origin
from mmexp.encoder.image.backbone import BackboneImageEncoder
from mmexp.error import ConfigError, nearest
from mmexp.transform.image import ImageTransform
from mmexp.weights.locate import locate


class TimmEncoder(BackboneImageEncoder):
    """Encode an image with any timm model, one token per cell of its unpooled features.

    Source: Wightman 2019, "PyTorch Image Models", https://github.com/huggingface/pytorch-image-models.

    Args:
        dim: Width D of the tokens.
        transform: Resizing and augmentation of the image.
        model: Name in timm, such as ``resnet18`` or ``vit_small_patch16_224``.
        pretrained: Start from timm's published weights, downloaded once by timm.
        weights: A file of weights (safetensors or state dict) to start from instead: a path, or one of a package as in
            ``mmexp.weights.locate``.
        dropout: Probability of dropping a feature of the model.
        grid: Side of the grid that the cells of a map are averaged to; None keeps all of them.

    Shape:
        uint8 [B, 3, H, W] -> Tokens [B, N, D].

    Raises:
        ConfigError: If timm has no such model, it does not take the image size, or its weights can't be had or do not
            fill it; the classifier's are left aside.
    """

    packages = ("timm",)

    def __init__(
        self,
        *,
        dim: int,
        transform: ImageTransform,
        model: str = "resnet18",
        pretrained: bool = False,
        weights: str | None = None,
        dropout: float = 0.0,
        grid: int | None = None,
    ) -> None:
        if not timm.is_model(model.split(".")[0]):
            known = nearest(model, timm.list_models())
            raise ConfigError(f"TimmEncoder: model must be one of timm's, got {model!r}. {known}")
        network = _create(model, pretrained, weights, transform.image_size)
        super().__init__(
            dim=dim,
            transform=transform,
            backbone=network,
            width=network.num_features,
            origin=Origin(f"{model} of {weights}" if weights else model, pretrained=pretrained or weights is not None),
            mean=network.pretrained_cfg["mean"],
            std=network.pretrained_cfg["std"],
            dropout=dropout,
            grid=grid,
        )

    def features(self, pixels: Tensor) -> Tensor:
        return self.backbone.forward_features(pixels)  # type: ignore[operator, no-any-return]


def _create(model: str, pretrained: bool, weights: str | None, image_size: int) -> Any:
    try:
        settings: dict[str, Any] = {"num_classes": 0, "pretrained": pretrained}
        if weights:
            settings |= {"pretrained": True, "pretrained_cfg_overlay": _overlay(model, str(locate(weights).path))}
        try:
            network: Any = timm.create_model(model, img_size=image_size, **settings)
        except TypeError:
            network = timm.create_model(model, **settings)
    except (OSError, RuntimeError, ValueError, EOFError, AttributeError, SafetensorError) as fault:
        reason = " ".join([f"{type(fault).__name__}:", *str(fault).split()])[:200]
        raise ConfigError(
            f"TimmEncoder: weights of {model} must be reachable and fill it, got {reason}",
            hint="Set encoder.image.pretrained=false to begin anew, or encoder.image.weights to a file of weights.",
        ) from fault
    network.pretrained_cfg.pop("state_dict", None)
    return network


def _overlay(model: str, weights: str) -> dict[str, Any]:
    """Return a file's weights without the classifier's, so that timm insists on all the others."""
    classifier = getattr(timm.get_pretrained_cfg(model), "classifier", None) or ()
    names = [classifier] if isinstance(classifier, str) else classifier
    skipped = tuple(f"{name}." for name in names)
    state = timm.models.load_state_dict(weights)
    return {"state_dict": {key: value for key, value in state.items() if not key.startswith(skipped)}, "num_classes": 0}
