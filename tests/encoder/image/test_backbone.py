from __future__ import annotations

import pytest
import torch
from torch import nn

from mmexp.encoder.backbone import Origin
from mmexp.encoder.image.backbone import BackboneImageEncoder
from mmexp.error import ConfigError
from mmexp.transform.image import ImageTransform


class ChannelsLast(nn.Module):
    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels[:, :, ::4, ::4].permute(0, 2, 3, 1)


def make(backbone: nn.Module, width: int, grid: int | None = None) -> BackboneImageEncoder:
    settings = {"origin": Origin("m"), "mean": [0.5] * 3, "std": [0.5] * 3, "grid": grid}
    transform = ImageTransform(image_size=16)
    return BackboneImageEncoder(dim=8, transform=transform, backbone=backbone, width=width, **settings)


@pytest.mark.parametrize("backbone", [nn.AvgPool2d(4), ChannelsLast(), nn.Sequential(nn.AvgPool2d(4), nn.Flatten(2))])
def test_maps_with_channels_first_or_last_become_cells(backbone: nn.Module):
    if isinstance(backbone, nn.Sequential):  # vectors by cell already
        backbone.append(nn.Identity())
        encoder = make(nn.Sequential(backbone, nn.Linear(16, 3)), 3)
        assert encoder.cells(torch.zeros(2, 3, 16, 16)).shape == (2, 3, 3)
        return
    encoder, pixels = make(backbone, 3), torch.randn(2, 3, 16, 16)
    maps = backbone(pixels)
    expected = maps if isinstance(backbone, ChannelsLast) else maps.permute(0, 2, 3, 1)
    assert torch.equal(encoder.cells(pixels), expected.flatten(1, 2))


def test_the_cells_of_a_map_are_averaged_to_a_coarser_grid():
    encoder, pixels = make(nn.AvgPool2d(4), 3, grid=2), torch.randn(2, 3, 16, 16)
    expected = pixels.unflatten(2, (2, 8)).unflatten(4, (2, 8)).mean((3, 5)).flatten(2).transpose(1, 2)
    torch.testing.assert_close(encoder.cells(pixels), expected)
    assert encoder.position.shape == (4, 8) and encoder.describe()["grid"] == 2
    with pytest.raises(ConfigError, match="grid must be null, as it gives vectors and no map, got 2"):
        make(nn.Sequential(nn.AvgPool2d(4), nn.Flatten(2)), 16, grid=2)


def test_a_size_that_the_backbone_does_not_take_is_refused():
    with pytest.raises(ConfigError, match="image_size must suit m, got 16"):
        make(nn.Conv2d(3, 3, 32), 3)


def test_what_its_features_depend_on_names_the_normalisation():
    described = make(nn.AvgPool2d(4), 3).describe()
    assert described["mean"] == [127.5] * 3 and described["model"] == "m"
