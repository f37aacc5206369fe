from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from mmexp.contract import Batch, Padded
from mmexp.transform.image import ImageTransform
from mmexp.transform.view import Images, View

SIZE = 64
VARIATIONS = [{"flip": 1.0}, {"crop": 0.4}, {"rotate": 30}, {"shift": 0.2}, {"zoom": 0.3}]
EVERYTHING = {"flip": 0.5, "crop": 0.6, "rotate": 15, "shift": 0.05, "zoom": 0.1, "jitter": 0.2}


def slopes(width: int, height: int) -> np.ndarray:
    """Red tells the place from the left, green from the top, each in 250 steps."""
    down, right = np.mgrid[0:height, 0:width] + 0.5
    return np.stack([right / width * 250, down / height * 250, 0 * down + 255], -1).astype(np.uint8)


def seen(transform: ImageTransform, raw: np.ndarray, seed: int | None = None) -> Images:
    image = transform.prepare(raw)
    return transform.collate([image if seed is None else transform.augment(image, np.random.default_rng(seed))])


def points(count: int) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.rand(1, count, 2) * 0.9 + 0.05


@pytest.mark.parametrize("resize", ["crop", "squash"])
@pytest.mark.parametrize("shape", [(64, 64), (100, 60), (50, 90)])
@pytest.mark.parametrize("options", [{}, *VARIATIONS, EVERYTHING])
def test_each_point_that_is_seen_has_the_colour_of_its_place_in_the_picture(resize, shape, options):
    raw = slopes(*shape)
    for seed in (1, 2):
        pictures = seen(ImageTransform(image_size=SIZE, resize=resize, **options), raw, seed if options else None)
        shares = points(50)
        places = (pictures.to_image(shares) / torch.tensor(shape))[0]
        column, row = (shares[0] * SIZE).long().unbind(-1)
        red, green, blue = pictures.values[0, :, row, column].float()
        inside = (places > 0.05).all(-1) & (places < 0.95).all(-1) & (blue > 200) & ("jitter" not in options)
        colours = torch.stack([red, green], -1) / 250
        torch.testing.assert_close(colours[inside], places[inside], atol=0.03, rtol=0)
        assert inside.sum() > 15 or "jitter" in options


@pytest.mark.parametrize("options", [{}, EVERYTHING])
def test_the_way_into_a_view_is_the_way_out_reversed(options):
    pictures = seen(ImageTransform(image_size=SIZE, **options), slopes(90, 50), 3)
    shares = points(9)
    torch.testing.assert_close(pictures.to_view(pictures.to_image(shares)), shares, atol=1e-4, rtol=1e-4)


def test_the_size_of_the_whole_picture_is_kept_and_a_missing_one_has_none():
    transform = ImageTransform(image_size=SIZE)
    pictures = transform.collate([transform.prepare(slopes(90, 50)), None])
    assert pictures.sizes.tolist() == [[90, 50], [0, 0]] and pictures.matrices.isfinite().all()
    assert pictures.row(1).sizes.tolist() == [[0, 0]] and not pictures.row(1).mask


def test_varying_a_prepared_picture_leaves_it_as_it_is():
    transform = ImageTransform(image_size=SIZE, **EVERYTHING)
    image = transform.prepare(slopes(90, 50))
    before = View.of(image).matrix.copy()
    transform.augment(image, np.random.default_rng(0))
    assert np.array_equal(View.of(image).matrix, before)


def test_an_image_without_a_view_and_plain_values_are_whole_pictures():
    assert View.of(Image.new("RGB", (7, 5))).matrix.tolist() == [[7, 0, 0], [0, 5, 0]]
    plain = Padded(torch.zeros(2, 3, 5, 7, dtype=torch.uint8), torch.tensor([True, False]))
    pictures = Images.of(plain)
    assert pictures.sizes.tolist() == [[7, 5], [0, 0]] and Images.of(pictures) is pictures


def test_pictures_stay_pictures_when_a_batch_moves():
    pictures = seen(ImageTransform(image_size=8), slopes(9, 9))
    moved = Batch({"image": pictures}, {}, ("a",)).to("cpu").inputs["image"]
    assert isinstance(moved, Images) and torch.equal(moved.matrices, pictures.matrices)
