from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.encoder.image.cnn import CnnEncoder, ResidualBlock
from mmexp.transform.image import ImageTransform


def pictures(size: int) -> Padded:
    return Padded(torch.randint(0, 256, (2, 3, size, size), dtype=torch.uint8), torch.ones(2, dtype=torch.bool))


@pytest.mark.parametrize(
    ("size", "widths", "side"), [(32, (4, 8, 8), 4), (33, (4, 8, 8), 5), (20, (4,), 10), (4, (4, 8), 1)]
)
def test_each_stage_halves_the_grid(size, widths, side):
    encoder = CnnEncoder(dim=6, transform=ImageTransform(image_size=size), widths=widths, depth=2)
    assert encoder(pictures(size)).features.shape == (2, side * side, 6)


def test_tokens_lie_row_by_row_over_the_picture():
    encoder = CnnEncoder(dim=6, transform=ImageTransform(image_size=32), widths=(4, 4)).eval()
    pixels = torch.randn(1, 3, 32, 32)
    changed = pixels.clone()
    changed[:, :, :4, -4:] += 5
    moved = (encoder.cells(changed) - encoder.cells(pixels)).abs().sum(-1).view(8, 8) > 1e-6
    assert moved[0, 7] and not moved[:, 0].any() and not moved[7].any()


def test_with_coordinates_a_place_tells_where_it_is():
    torch.manual_seed(0)
    inner = {}
    for told in (False, True):
        encoder = CnnEncoder(dim=6, transform=ImageTransform(image_size=32), widths=(4, 4), coordinates=told).eval()
        features = encoder.cells(torch.zeros(1, 3, 32, 32)).view(8, 8, -1)[2:6, 2:6]  # far from the padding
        inner[told] = (features - features[:1, :1]).abs().max().item()
        assert "places" not in encoder.state_dict()
    assert inner[False] < 1e-6 < 1e-3 < inner[True]


@pytest.mark.parametrize(("channels", "width", "stride"), [(4, 4, 1), (4, 4, 2), (4, 6, 2)])
def test_a_block_starts_as_its_averaging_shortcut_and_adds_to_it(channels, width, stride):
    block, x = ResidualBlock(channels, width, stride).eval(), torch.randn(2, channels, 9, 9)
    scale = (1 + block.norm1.eps) ** -0.5  # a fresh batch norm in evaluation mode
    short = x if stride == 1 else F.avg_pool2d(x, 2, ceil_mode=True)
    if channels != width:
        short = scale * F.conv2d(short, block.shortcut[1].weight)
    torch.testing.assert_close(block(x), F.relu(short))
    torch.nn.init.ones_(block.norm2.weight)
    inner = F.conv2d(F.relu(scale * F.conv2d(x, block.conv1.weight, None, stride, 1)), block.conv2.weight, None, 1, 1)
    torch.testing.assert_close(block(x), F.relu(scale * inner + short), rtol=1e-4, atol=1e-5)


def test_a_picture_too_small_for_its_stages_is_refused():
    with pytest.raises(ValueError, match="CnnEncoder: image_size must be at least 8 for 3 widths, got 7"):
        CnnEncoder(dim=6, transform=ImageTransform(image_size=7), widths=(4, 4, 4))
