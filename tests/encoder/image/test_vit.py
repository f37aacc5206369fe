from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.image.vit import VitEncoder
from mmexp.transform.image import ImageTransform


def encoder(**settings: int) -> VitEncoder:
    return VitEncoder(dim=8, transform=ImageTransform(image_size=16), num_heads=2, **settings).eval()


def test_patches_are_cut_row_by_row():
    vit, pixels = encoder(patch_size=4, depth=0), torch.randn(2, 3, 16, 16)
    cut = F.unfold(pixels, 4, stride=4).transpose(1, 2)  # [B, 16, 48]
    expected = F.linear(cut, vit.patches.weight.flatten(1), vit.patches.bias)
    torch.testing.assert_close(vit.cells(pixels), expected, rtol=1e-4, atol=1e-5)


def test_blocks_let_every_patch_see_every_other():
    values = torch.randint(0, 256, (1, 3, 16, 16), dtype=torch.uint8)
    changed = values.clone()
    changed[..., :4, :4] = 255 - changed[..., :4, :4]
    for depth, reached in ((0, [0]), (1, list(range(16)))):
        vit = encoder(patch_size=4, depth=depth)
        before, after = (vit(Padded(x, torch.tensor([True]))).features[0] for x in (values, changed))
        assert ((before - after).abs().sum(-1) > 1e-6).nonzero().flatten().tolist() == reached


def test_a_patch_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="VitEncoder: patch_size must divide image_size 16, got 5"):
        encoder(patch_size=5)
