"""Image encoders with a pretrained backbone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.encoder.backbone import BackboneEncoder, Origin
from mmexp.encoder.image.base import ImageEncoder
from mmexp.error import ConfigError
from mmexp.transform.image import ImageTransform


class BackboneImageEncoder(BackboneEncoder, ImageEncoder):
    """Encode an image with a backbone that gives a vector per cell, or a map of them.

    Args:
        dim: Width D of the tokens.
        transform: Resizing and augmentation of the image.
        backbone: Normalised pixels [B, 3, H, W] -> [B, N, C], [B, C, H, W] or [B, H, W, C].
        width: Channels C.
        origin: Of its weights.
        mean: Per-channel mean that it expects, of values in [0, 1].
        std: Per-channel deviation that it expects.
        dropout: Probability of dropping a feature of the backbone.
        grid: Side G of the grid that the cells of a map are averaged to; None keeps all of them.

    Shape:
        uint8 [B, 3, H, W] -> Tokens [B, N, D].

    Raises:
        ConfigError: If the backbone does not take images of that size.
    """

    def __init__(
        self,
        *,
        dim: int,
        transform: ImageTransform,
        backbone: nn.Module,
        width: int,
        origin: Origin,
        mean: Sequence[float],
        std: Sequence[float],
        dropout: float = 0.0,
        grid: int | None = None,
    ) -> None:
        super().__init__(dim=dim, transform=transform, mean=mean, std=std)
        self.backbone, self.width, self.origin = backbone, width, origin
        self.dropout, self.grid = nn.Dropout(dropout), grid
        self.add_head(width, self._count(transform.image_size))

    def adapt(self, features: Tokens) -> Tokens:
        return super().adapt(Tokens(self.dropout(features.features), features.mask))

    def cells(self, pixels: Tensor) -> Tensor:
        features: Tensor = self.features(pixels)
        if features.ndim == 3:
            if self.grid is not None:
                raise ValueError(f"grid must be null, as it gives vectors and no map, got {self.grid}")
            return features
        if features.shape[1] != self.width:
            features = features.permute(0, 3, 1, 2)
        if self.grid is not None:
            features = F.adaptive_avg_pool2d(features, self.grid)
        return features.flatten(2).transpose(1, 2)

    def describe(self) -> dict[str, Any]:
        """Return what the backbone is, and how its input is normalised."""
        norms = {"mean": self.mean.flatten().tolist(), "std": self.std.flatten().tolist()}  # type: ignore[operator]
        return {
            **super().describe(),
            **norms,
            "grid": self.grid,
            "settings": dict(getattr(self.backbone, "settings", {})),
        }

    def features(self, pixels: Tensor) -> Tensor:
        """Return what the backbone gives."""
        return self.backbone(pixels)  # type: ignore[no-any-return]

    def _count(self, image_size: int) -> int:
        """Return the number of cells N of one image."""
        self.backbone.eval()
        try:
            with torch.no_grad():
                return self.cells(torch.zeros(1, 3, image_size, image_size)).shape[1]
        except (AssertionError, RuntimeError, ValueError) as fault:
            name = f"{type(self).__name__}: image_size must suit {self.origin.model}"
            raise ConfigError(f"{name}, got {image_size}: {fault}") from fault
        finally:
            self.backbone.train()
