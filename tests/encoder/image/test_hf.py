from __future__ import annotations

import pytest
import torch
from transformers import AutoModel

from mmexp.contract import Padded
from mmexp.encoder.image.hf import HfImageEncoder
from mmexp.error import ConfigError
from mmexp.transform.image import ImageTransform


def make(folder: str, size: int = 16) -> HfImageEncoder:
    return HfImageEncoder(dim=8, transform=ImageTransform(image_size=size), model=folder, pretrained=True).eval()


def test_its_features_are_those_of_the_model_with_the_normalisation_it_came_with(tiny_vit: str):
    pixels = torch.randint(0, 256, (2, 3, 16, 16), dtype=torch.uint8)
    encoder = make(tiny_vit)
    mean, std = torch.tensor([0.1, 0.2, 0.3]).view(3, 1, 1), 0.5
    theirs = AutoModel.from_pretrained(tiny_vit).eval()(pixel_values=(pixels / 255 - mean) / std).last_hidden_state
    inputs = Padded(pixels, torch.tensor([True, False]))
    torch.testing.assert_close(encoder.extract(inputs).features, theirs, rtol=1e-4, atol=1e-5)
    assert encoder(inputs).features.shape == (2, 5, 8) and encoder(inputs).present.tolist() == [True, False]


def test_positions_are_interpolated_for_another_size(tiny_vit: str):
    encoder = make(tiny_vit, 32)
    assert encoder(Padded(torch.zeros(1, 3, 32, 32, dtype=torch.uint8), torch.tensor([True]))).features.shape[1] == 17


def test_a_size_that_patches_do_not_divide_is_refused(tiny_vit: str):
    with pytest.raises(ConfigError, match=f"image_size must suit {tiny_vit}, got 4"):
        make(tiny_vit, 4)
