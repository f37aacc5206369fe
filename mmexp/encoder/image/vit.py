"""A small vision transformer, trained from scratch."""

from __future__ import annotations

from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.image.base import ImageEncoder
from mmexp.layer.attention import SelfAttentionBlock
from mmexp.transform.image import ImageTransform


class VitEncoder(ImageEncoder):
    """Encode an image with a small vision transformer, one token per patch.

    Source: Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words". Differs: no class token, since pooling is a part.

    Args:
        dim: Width D of the tokens.
        transform: Resizing and augmentation of the image.
        patch_size: Side of a patch, in pixels; must divide the image's side.
        depth: Blocks.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature, anywhere.

    Shape:
        uint8 [B, 3, H, W] -> Tokens [B, H W / patch_size^2, D].

    Raises:
        ValueError: If patch_size does not divide the image's side.
    """

    def __init__(
        self,
        *,
        dim: int,
        transform: ImageTransform,
        patch_size: int = 8,
        depth: int = 4,
        num_heads: int = 4,
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dim=dim, transform=transform)
        if transform.image_size % patch_size:
            raise ValueError(f"VitEncoder: patch_size must divide image_size {transform.image_size}, got {patch_size}.")
        self.patches = nn.Conv2d(3, dim, patch_size, patch_size)
        self.blocks = nn.ModuleList(SelfAttentionBlock(dim, num_heads, mlp_ratio, dropout) for _ in range(depth))
        self.add_head(dim, (transform.image_size // patch_size) ** 2)

    def cells(self, pixels: Tensor) -> Tensor:
        return self.patches(pixels).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]

    def forward(self, inputs: Padded) -> Tokens:
        tokens = super().forward(inputs)
        features = tokens.features
        for block in self.blocks:
            features = block(features, None)
        return Tokens(features, tokens.mask)
