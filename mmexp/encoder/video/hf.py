"""Any video model of transformers, pretrained."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mmexp.contract import Padded, Tokens
from mmexp.encoder.hf import HfEncoder
from mmexp.layer.hf import read_processor
from mmexp.transform.image import ImageTransform
from mmexp.transform.video import VideoTransform

_HALF = (0.5, 0.5, 0.5)


class HfVideoEncoder(HfEncoder):
    """Encode a video with a model of transformers (VideoMAE, TimeSformer, ViViT), one token per tube of pixels.

    The model reads a fixed number of frames; a shorter video shows each of its own for longer.

    Source: Wolf et al. 2020, "Transformers: State-of-the-Art Natural Language Processing",
    https://aclanthology.org/2020.emnlp-demos.6. Differs: no pooling; a linear map to dim and LayerNorm follow.

    Args:
        dim: Width D of the tokens.
        model: Package, folder, or repository of the hub; see ``mmexp.weights.locate``.
        revision: Branch, tag or commit of a repository.
        pretrained: Start from its weights; at random if not, which needs its config all the same.
        layer: Whose features are taken, as in ``mmexp.layer.hf.Backbone``.
        dropout: Probability of dropping a feature of the model.

    Shape:
        uint8 [B, T, 3, H, W] -> Tokens [B, N, D].

    Raises:
        ConfigError: If the model is not there, is no video model, has no such layer, or does not fill its weights.
    """

    side = "video"
    transform: VideoTransform

    def __init__(
        self,
        *,
        dim: int,
        model: str,
        revision: str | None = None,
        pretrained: bool = False,
        layer: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dim=dim, model=model, revision=revision, pretrained=pretrained, layer=layer, dropout=dropout)
        self.num_frames, side = self.backbone.config.num_frames, self.backbone.config.image_size
        self.transform = VideoTransform(image=ImageTransform(image_size=side), num_frames=self.num_frames)
        known = read_processor(self.files)
        for name in ("mean", "std"):
            value = 255 * torch.tensor(known.get(f"image_{name}", _HALF)).view(-1, 1, 1)
            self.register_buffer(name, value, persistent=False)

    def describe(self) -> dict[str, Any]:
        """Return what the backbone is, and how its input is normalised."""
        norms = {"mean": self.mean.flatten().tolist(), "std": self.std.flatten().tolist()}  # type: ignore[operator]
        return {**super().describe(), **norms}

    def extract(self, inputs: Padded) -> Tokens:
        frames = torch.arange(self.num_frames, device=inputs.mask.device)
        lengths = inputs.mask.sum(1, keepdim=True)  # [B, 1]
        shown = (frames * lengths) // self.num_frames  # [B, T]
        values: Tensor = inputs.values[torch.arange(len(shown), device=shown.device)[:, None], shown]
        pixels = (values.float() - self.mean) / self.std  # type: ignore[operator]
        features = self.backbone(pixels)  # [B, N, C]
        return Tokens(features, inputs.present[:, None].expand(features.shape[:2]))
