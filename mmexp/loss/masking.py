"""Mask words and patches for masked modelling."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.contract import Batch, Padded, Tokens
from mmexp.transform.text import Tokenizer

GREY = 128  # brightness of a masked patch


@dataclass(frozen=True)
class Masked:
    """What is masked of a batch; images are cut into P patches.

    Args:
        words: Which ids of the text. [B, L]
        patches: Which patches of the image, in rows. [B, P]
    """

    words: Tensor
    patches: Tensor

    @staticmethod
    def choose(batch: Batch, chances: Tensor, *, words: float, patches: float, side: int) -> Masked:
        """Mask what has the lowest chances: a fraction of the words, at least one of each text, and of the patches.

        Args:
            batch: With ``text`` and ``image``.
            chances: Uniform in [0, 1), of the patches and then of the ids. [B, P + L]
            words: Share of the words that are known, on average.
            patches: Share of the patches.
            side: Patches along each side of an image; P is its square.
        """
        text, positions = batch.inputs["text"], side * side
        real = text.mask & (text.values > Tokenizer.unk)
        own = chances[:, positions:].masked_fill(~real, 1)  # [B, L]
        some = own <= own.amin(1, keepdim=True).clamp(min=words)
        return Masked(some & real, lowest(chances[:, :positions], patches) & batch.inputs["image"].mask[:, None])

    def of(self, batch: Batch) -> Batch:
        """The batch without what is masked: a word is unknown, a patch is grey."""
        text, image = batch.inputs["text"], batch.inputs["image"]
        side = round(self.patches.shape[1] ** 0.5)
        grid = self.patches.view(-1, 1, side, side).float()
        grey = F.interpolate(grid, image.values.shape[-2:], mode="nearest") > 0  # [B, 1, H, W]
        ids = replace(text, values=text.values.masked_fill(self.words, Tokenizer.unk))
        pixels = replace(image, values=image.values.masked_fill(grey, GREY))
        return replace(batch, inputs={**batch.inputs, "text": ids, "image": pixels})


def chances_of(ids: Sequence[str], count: int) -> Tensor:
    """Chances that depend on the sample alone, the first ones not on how many there are. -> uniform [B, count]"""
    rows = [np.random.default_rng(zlib.crc32(name.encode())).random(count, np.float32) for name in ids]
    return torch.from_numpy(np.stack(rows))


def lowest(chances: Tensor, ratio: float) -> Tensor:
    """Mark the lowest of each row. [B, P] -> bool [B, P]"""
    return chances.argsort(1).argsort(1) < round(ratio * chances.shape[1])


def concatenate(one: Batch, other: Batch) -> Batch:
    """Two batches of the same shapes as one of twice as many rows."""
    inputs = {name: _joined(own, other.inputs[name]) for name, own in one.inputs.items()}
    return Batch(inputs, {**one.targets, **other.targets}, (*one.ids, *other.ids))


def apart(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """The first and the second half of the rows."""
    (one, other), (here, there) = tokens.features.chunk(2), tokens.mask.chunk(2)
    return Tokens(one, here), Tokens(other, there)


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


def _joined(one: Padded, other: Padded) -> Padded:
    return type(one)(**{f.name: torch.cat([getattr(one, f.name), getattr(other, f.name)]) for f in fields(one)})
