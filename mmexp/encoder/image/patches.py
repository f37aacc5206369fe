"""Patches of an image, each by one linear map."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from mmexp.encoder.image.base import ImageEncoder
from mmexp.transform.image import ImageTransform


class PatchEncoder(ImageEncoder):
    """Embed the pixels of each patch of an image by one linear map, and nothing more: ``x_i E + position_i``.

    For early fusion, where patches and words meet in one transformer: ``fusion=transformer encoder/image=patches
    encoder/text=positional``.

    Source: Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words", https://arxiv.org/abs/2010.11929, eq. 1; for early
    fusion: Kim et al. 2021, "ViLT", https://arxiv.org/abs/2102.03334, eq. 2. Differs: no class token, since pooling is
    a part; LayerNorm after it, so that patches weigh as much as the tokens of other encoders from the start.

    Args:
        dim: Width D of the tokens.
        transform: Resizing and augmentation of the image.
        patch_size: Side P of a patch, in pixels; must divide the image's side.

    Shape:
        uint8 [B, 3, H, W] -> Tokens [B, H W / P^2, D].

    Raises:
        ValueError: If patch_size does not divide the image's side.
    """

    def __init__(self, *, dim: int, transform: ImageTransform, patch_size: int = 8) -> None:
        super().__init__(dim=dim, transform=transform)
        side = transform.image_size
        if patch_size < 1 or side % patch_size:
            raise ValueError(f"PatchEncoder: patch_size must divide image_size {side}, got {patch_size}.")
        self.patch_size = patch_size
        self.add_head(3 * patch_size**2, (side // patch_size) ** 2)

    def cells(self, pixels: Tensor) -> Tensor:
        return F.pixel_unshuffle(pixels, self.patch_size).flatten(2).mT  # [B, N, 3 P^2]
