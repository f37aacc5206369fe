from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mmexp.contract import Tokens
from mmexp.head.image_generation.unet import ChannelNorm, UNet, sinusoids

DIM, SIDE = 8, 16


def make(**options: object) -> UNet:
    torch.manual_seed(0)
    return UNet(**{"dim": DIM, "image_size": SIDE, "depth": 1, **options}).eval()


def given(rows: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(rows, 3, SIDE, SIDE), torch.rand(rows)


def same(tokens: Tokens) -> Tokens:
    return tokens


@pytest.mark.parametrize("size", [8, 12, 20])
def test_a_picture_of_its_size_comes_out(size):
    generated = make(image_size=size)(torch.randn(2, 3, size, size), torch.rand(2), same)
    assert generated.shape == (2, 3, size, size)


def test_a_token_stands_for_each_square_of_four_pixels_and_all_are_real():
    seen: list[Tokens] = []
    make()(*given(2), lambda tokens: seen.append(tokens) or tokens)
    assert seen[0].features.shape == (2, (SIDE // 4) ** 2, DIM) and seen[0].mask.all()


def test_what_is_fused_shows_in_the_picture():
    canvas, (noisy, time) = make(), given(2)
    moved = canvas(noisy, time, lambda tokens: Tokens(tokens.features + torch.eye(DIM)[0], tokens.mask))
    assert (moved - canvas(noisy, time, same)).abs().mean() > 1e-3


def test_one_place_is_told_of_all_others():
    canvas, (noisy, time) = make(), given(1)
    changed = noisy.clone()
    changed[..., 0, 0] += 3
    assert (canvas(changed, time, same) - canvas(noisy, time, same))[..., -1, -1].abs().max() > 1e-6


def test_the_time_is_told_to_it():
    canvas, (noisy, time) = make(), given(2)
    assert (canvas(noisy, time, same) - canvas(noisy, 1 - time, same)).abs().mean() > 1e-3


def test_a_picture_does_not_depend_on_those_beside_it():
    canvas, (noisy, time) = make(), given(3)
    torch.testing.assert_close(canvas(noisy, time, same)[1:2], canvas(noisy[1:2], time[1:2], same))


def test_places_start_as_sinusoids_of_their_column_and_row():
    position = make(image_size=20).position
    places = sinusoids(5, DIM)
    assert torch.equal(position, places) and places.shape == (DIM, 5, 5)
    across, down = places.chunk(2)
    assert (across == across[:, :1]).all() and (down == down[:, :, :1]).all()
    torch.testing.assert_close(places[:2, 0, 3], torch.tensor([3.0, 0.3]).mul(torch.pi / 2).sin())
    assert len({tuple(place) for place in places.flatten(1).mT.tolist()}) == 25


def test_the_channels_of_each_place_are_normalised():
    x = torch.randn(2, DIM, 3, 3) * 5 + 2
    normed = ChannelNorm(DIM)(x)
    expected = (x - x.mean(1, keepdim=True)) / (x.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(normed, expected)


@pytest.mark.parametrize("size", [0, 30])
def test_other_sizes_are_refused(size):
    with pytest.raises(ValueError, match=f"image_size must be a multiple of 4, got {size}"):
        make(image_size=size)
