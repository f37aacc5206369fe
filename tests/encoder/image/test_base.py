from __future__ import annotations

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.encoder.image.base import ImageEncoder
from mmexp.transform.image import ImageTransform


class Plain(ImageEncoder):
    """Each pixel is a place, its colours are the features."""

    def __init__(self, **statistics: list[float]) -> None:
        super().__init__(dim=4, transform=ImageTransform(image_size=2), **statistics)
        self.add_head(3, 4)

    def cells(self, pixels: Tensor) -> Tensor:
        self.seen = pixels
        return pixels.flatten(2).transpose(1, 2)


def batch() -> Padded:
    return Padded(torch.randint(0, 256, (2, 3, 2, 2), dtype=torch.uint8), torch.tensor([True, False]))


def test_pixels_are_normalised_by_channel():
    encoder, inputs = Plain(mean=[0.1, 0.2, 0.3], std=[0.5, 0.4, 0.3]), batch()
    encoder(inputs)
    for channel, (mean, std) in enumerate([(0.1, 0.5), (0.2, 0.4), (0.3, 0.3)]):
        expected = (inputs.values[:, channel].double() / 255 - mean) / std
        torch.testing.assert_close(encoder.seen[:, channel].double(), expected, rtol=1e-4, atol=1e-5)


def test_each_place_is_one_token_and_knows_where_it_is():
    encoder = Plain()
    tokens = encoder(Padded(torch.full((1, 3, 2, 2), 9, dtype=torch.uint8), torch.tensor([True])))
    assert tokens.features.shape == (1, 4, 4) and len(tokens.features[0].unique(dim=0)) == 4
    torch.nn.init.zeros_(encoder.position)
    assert len(encoder(batch()).features[0].unique(dim=0)) > 1


def test_all_tokens_of_a_missing_picture_are_padding():
    assert Plain()(batch()).mask.tolist() == [[True] * 4, [False] * 4]
