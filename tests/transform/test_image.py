from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from mmexp.transform.image import ImageTransform

SIZE = 64


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(height: int = 40, width: int = 70) -> np.ndarray:
    return rng().integers(0, 256, (height, width, 3), dtype=np.uint8)


def slopes() -> np.ndarray:
    """Red grows by 4 per pixel to the right, green downwards."""
    down, right = np.mgrid[0:SIZE, 0:SIZE] * 4
    return np.stack([right, down, 0 * down], -1).astype(np.uint8)


def dot(x: int, y: int) -> np.ndarray:
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[y - 2 : y + 2, x - 2 : x + 2] = 255
    return picture


def centroid(image: Image.Image) -> np.ndarray:
    weight = np.array(image)[..., 0].astype(float)
    return (np.mgrid[0:SIZE, 0:SIZE] * weight).sum((1, 2))[::-1] / weight.sum() + 0.5


@pytest.mark.parametrize("shape", [(64, 64), (40, 70), (200, 90), (1, 1), (1, 300)])
@pytest.mark.parametrize("resize", ["crop", "squash"])
def test_every_picture_becomes_one_square(shape, resize):
    transform = ImageTransform(image_size=32, resize=resize)
    batch = transform.collate([transform.prepare(noise(*shape)), None])
    assert batch.values.shape == (2, 3, 32, 32) and batch.values.dtype == torch.uint8
    assert batch.mask.tolist() == [True, False] and not batch.values[1].any()


def test_crop_keeps_the_middle_and_squash_the_whole():
    flag = np.zeros((30, 90, 3), np.uint8)
    flag[:, 30:60] = (0, 200, 0)
    cut = np.array(ImageTransform(image_size=16).prepare(flag))
    assert (cut[:, 1:-1] == (0, 200, 0)).all() and cut[..., 1].min() > 150
    whole = np.array(ImageTransform(image_size=15, resize="squash").prepare(flag))
    assert (whole[:, 6:9] == (0, 200, 0)).all() and not whole[:, :4].any() and not whole[:, 11:].any()


def test_a_picture_of_the_right_size_is_left_as_it_is():
    picture, transform = noise(SIZE, SIZE), ImageTransform(image_size=SIZE)
    values = transform.collate([transform.prepare(picture)]).values[0]
    assert np.array_equal(values.permute(1, 2, 0).numpy(), picture)


def test_shrinking_averages_instead_of_picking():
    fine = np.indices((64, 64)).sum(0) % 2 * 255
    small = np.array(ImageTransform(image_size=16).prepare(np.stack([fine] * 3, -1).astype(np.uint8)))
    assert abs(small.astype(int) - 127).max() <= 2


def test_nothing_varies_by_default():
    transform = ImageTransform(image_size=SIZE)
    image = transform.prepare(noise())
    assert transform.augment(image, rng()) is image


def test_the_generator_alone_decides_how_a_picture_varies():
    transform = ImageTransform(image_size=SIZE, flip=0.5, crop=0.5, rotate=20, shift=0.1, jitter=0.3)
    image = transform.prepare(noise())
    first, again, other = (np.array(transform.augment(image, rng(seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.shape == (SIZE, SIZE, 3)


def test_a_flip_mirrors_left_and_right_as_often_as_asked():
    picture = noise(SIZE, SIZE)
    always = ImageTransform(image_size=SIZE, flip=1.0)
    assert np.array_equal(np.array(always.augment(always.prepare(picture), rng())), picture[:, ::-1])
    some, image = ImageTransform(image_size=SIZE, flip=0.25), Image.fromarray(picture)
    share = np.mean([some.augment(image, rng(seed)) is not image for seed in range(400)])
    assert 0.18 < share < 0.32


def test_a_crop_keeps_at_least_the_share_it_was_told():
    transform = ImageTransform(image_size=SIZE, crop=0.5)
    areas = []
    for seed in range(100):
        out = np.array(transform.augment(Image.fromarray(slopes()), rng(seed))).astype(int)
        width, height = (np.ptp(out[..., channel]) / 4 + 1 for channel in (0, 1))
        areas.append(width * height / SIZE**2)
    assert 0.47 < min(areas) < 0.56 and 0.9 < max(areas) <= 1.02


def test_a_shift_stays_within_its_bound_along_each_axis():
    transform = ImageTransform(image_size=SIZE, shift=0.25)
    moves = [centroid(transform.augment(Image.fromarray(dot(32, 32)), rng(seed))) - 32 for seed in range(100)]
    assert (np.abs(moves).max(0) > 12).all() and np.abs(moves).max() <= 16.1


def test_a_turn_stays_within_its_bound():
    transform = ImageTransform(image_size=SIZE, rotate=30)
    places = [centroid(transform.augment(Image.fromarray(dot(52, 32)), rng(seed))) - 32 for seed in range(100)]
    turns = np.degrees([np.arctan2(y, x) for x, y in places])
    assert turns.min() < -25 and turns.max() > 25 and np.abs(turns).max() < 30.5


def test_jitter_shades_by_no_more_than_its_share_and_does_not_wrap():
    transform = ImageTransform(image_size=SIZE, jitter=0.2)
    grey, white = (Image.fromarray(np.full((SIZE, SIZE, 3), value, np.uint8)) for value in (128, 255))
    shades = [np.array(transform.augment(grey, rng(seed))) for seed in range(100)]
    assert all(np.ptp(shade) == 0 for shade in shades)
    values = [shade.flat[0] for shade in shades]
    assert 102 <= min(values) < 108 and 148 < max(values) <= 153
    assert min(np.array(transform.augment(white, rng(seed))).min() for seed in range(100)) > 180


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_size": 0}, "image_size must be at least 1, got 0"),
        ({"crop": 0.0}, r"crop must be in \(0, 1\], got 0.0"),
        ({"crop": 1.5}, r"crop must be in \(0, 1\], got 1.5"),
        ({"resize": "pad"}, "resize must be crop or squash, got 'pad'"),
    ],
)
def test_impossible_settings_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"ImageTransform: {message}"):
        ImageTransform(**arguments)
