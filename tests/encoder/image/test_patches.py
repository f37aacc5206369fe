from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.image.patches import PatchEncoder
from mmexp.transform.image import ImageTransform


def make(patch_size: int = 4) -> PatchEncoder:
    return PatchEncoder(dim=8, transform=ImageTransform(image_size=16), patch_size=patch_size)


def test_each_patch_is_one_linear_map_of_its_pixels_row_by_row():
    encoder, pixels = make(), torch.randn(2, 3, 16, 16)
    cut = F.unfold(pixels, 4, stride=4).mT  # [B, 16, 48]
    torch.testing.assert_close(encoder.cells(pixels), cut)
    assert [name for name, p in encoder.named_parameters() if p.ndim > 1] == ["position", "project.weight"]


def test_a_patch_knows_nothing_of_the_others():
    values = torch.randint(0, 256, (1, 3, 16, 16), dtype=torch.uint8)
    changed = values.clone()
    changed[..., :4, 4:8] = 255 - changed[..., :4, 4:8]
    before, after = (make_same(x) for x in (values, changed))
    assert (before - after).abs().sum(-1).nonzero().flatten().tolist() == [1]


def make_same(values: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(0)
    return make()(Padded(values, torch.tensor([True]))).features[0]


@pytest.mark.parametrize("patch_size", [5, 0])
def test_a_patch_that_does_not_fit_is_refused(patch_size):
    with pytest.raises(ValueError, match=f"PatchEncoder: patch_size must divide image_size 16, got {patch_size}"):
        make(patch_size)
