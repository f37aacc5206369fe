"""Images as patches."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def cut(images: Tensor, side: int, patch_size: int) -> Tensor:
    """Images, brought to the size that takes, as patches in rows. uint8 [B, 3, H, W] -> [B, P, 3 S S], in [0, 1]"""
    whole = F.adaptive_avg_pool2d(images.float() / 255, side * patch_size)
    grid = whole.reshape(images.shape[0], 3, side, patch_size, side, patch_size)  # [B, 3, h, S, h, S]
    return grid.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def normalised(patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Patches with mean 0 and deviation 1, and what those were. [..., C] -> [..., C] and twice [..., 1]"""
    mean = patches.mean(-1, keepdim=True)
    deviation = ((patches - mean).square().mean(-1, keepdim=True) + 1e-6).sqrt()
    return (patches - mean) / deviation, mean, deviation


def fill(images: Tensor, masked: Tensor, predicted: Tensor, patch_size: int) -> Tensor:
    """Fill the masked patches with the predicted ones, at the brightness and contrast of the true ones.

    Args:
        images: uint8 [B, 3, H, W]
        masked: Which patches. [B, P]
        predicted: Normalised, Q of them. [Q, 3 S S]
        patch_size: Side S of a patch, in pixels.

    Returns:
        uint8 [B, h S, h S, 3], of h patches along each side.
    """
    side = round(masked.shape[1] ** 0.5)
    patches = cut(images, side, patch_size)
    _, mean, deviation = normalised(patches[masked])
    patches[masked] = predicted * deviation + mean
    grid = patches.reshape(images.shape[0], side, side, 3, patch_size, patch_size)  # [B, h, h, 3, S, S]
    whole = grid.permute(0, 1, 4, 2, 5, 3).flatten(3, 4).flatten(1, 2)  # [B, h S, h S, 3]
    return (whole * 255).round().clamp(0, 255).byte()
