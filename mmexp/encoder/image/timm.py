"""Any image model of timm, pretrained or not."""

from __future__ import annotations

from typing import Any

import timm
import torch
from safetensors import SafetensorError
from torch import Tensor

from mmexp.encoder.image.base import ImageEncoder
from mmexp.error import ConfigError, nearest
from mmexp.transform.image import ImageTransform


class TimmEncoder(ImageEncoder):
    """Encode an image with any timm model, one token per cell of its unpooled features.

    Source: Wightman 2019, "PyTorch Image Models", https://github.com/huggingface/pytorch-image-models.

    Args:
        dim: Width D of the tokens.
        transform: Resizing and augmentation of the image.
        model: Name in timm, such as ``resnet18`` or ``vit_small_patch16_224``.
        pretrained: Start from timm's published weights, downloaded once by timm.
        weights: Path of a local weights file (safetensors or state dict) to start from instead.

    Shape:
        uint8 [B, 3, H, W] -> Tokens [B, N, D].

    Raises:
        ConfigError: If timm has no such model, it does not take the image size, or its weights can't be had or do not
            fill it; the classifier's are left aside.
    """

    def __init__(
        self,
        *,
        dim: int,
        transform: ImageTransform,
        model: str = "resnet18",
        pretrained: bool = False,
        weights: str | None = None,
    ) -> None:
        if not timm.is_model(model.split(".")[0]):
            known = nearest(model, timm.list_models())
            raise ConfigError(f"TimmEncoder: model must be one of timm's, got {model!r}. {known}")
        network = _create(model, pretrained, weights, transform.image_size)
        super().__init__(
            dim=dim, transform=transform, mean=network.pretrained_cfg["mean"], std=network.pretrained_cfg["std"]
        )
        self.network = network
        _, places, channels = self._shape(model, transform.image_size)
        self.add_head(channels, places)

    def extract(self, pixels: Tensor) -> Tensor:
        features: Tensor = self.network.forward_features(pixels)
        if features.ndim == 3:
            return features
        if features.shape[1] != self.network.num_features:
            features = features.permute(0, 3, 1, 2)
        return features.flatten(2).transpose(1, 2)

    def _shape(self, model: str, image_size: int) -> torch.Size:
        """Return the shape of the features of one image, [1, N, C]."""
        self.network.eval()
        try:
            with torch.no_grad():
                return self.extract(torch.zeros(1, 3, image_size, image_size)).shape
        except (AssertionError, RuntimeError) as fault:
            raise ConfigError(f"TimmEncoder: image_size must suit {model}, got {image_size}: {fault}") from fault
        finally:
            self.network.train()


def _create(model: str, pretrained: bool, weights: str | None, image_size: int) -> Any:
    try:
        settings: dict[str, Any] = {"num_classes": 0, "pretrained": pretrained}
        if weights:
            settings |= {"pretrained": True, "pretrained_cfg_overlay": _overlay(model, weights)}
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
