from __future__ import annotations

import numpy as np
import pytest
import torch

from mmexp.contract import Padded
from mmexp.error import DataError
from mmexp.transform.image import ImageTransform
from mmexp.transform.mask import IGNORE, MaskTransform, centres, look_up, spread

SIZE = 32


def blobs(height: int, width: int) -> np.ndarray:
    """A disc of 1 left of the middle, a bar of 2 below."""
    y, x = np.mgrid[0:height, 0:width]
    mask = ((x - 0.35 * width) ** 2 + (y - 0.4 * height) ** 2 < (0.2 * height) ** 2).astype(np.uint8)
    mask[int(0.7 * height) : int(0.9 * height)] = 2
    return mask


def painted(mask: np.ndarray) -> np.ndarray:
    """A picture whose red is 100 times its mask."""
    return np.stack([mask * 100, mask * 0, mask * 0 + 9], -1).astype(np.uint8)


def prepared(*masks: np.ndarray | None, side: int = SIZE) -> Padded:
    transform = MaskTransform(mask_size=side, num_classes=3)
    return transform.collate([None if mask is None else transform.prepare(mask) for mask in masks])


def test_a_mask_of_the_right_size_is_left_as_it_is():
    mask = blobs(SIZE, SIZE)
    assert np.array_equal(prepared(mask).values[0].numpy(), mask)


def test_a_mask_is_squashed_by_its_nearest_pixels():
    mask = np.repeat(np.repeat(blobs(SIZE, SIZE), 3, 0), 2, 1)
    assert np.array_equal(prepared(mask).values[0].numpy(), blobs(SIZE, SIZE))


def test_a_missing_mask_is_ignored_everywhere():
    masks = prepared(blobs(9, 9), None)
    assert masks.mask.tolist() == [True, False] and (masks.values[1] == IGNORE).all()


def test_what_marks_nothing_is_taken_and_a_number_of_no_class_refused():
    assert (prepared(np.full((4, 4), IGNORE, np.uint8)).values == IGNORE).all()
    with pytest.raises(DataError, match="mask must hold 255 and numbers below 3, got 7"):
        prepared(np.full((4, 4), 7, np.uint8))
    with pytest.raises(DataError, match=r"mask must be \[H, W\], got \[4, 4, 3\]"):
        prepared(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ValueError, match="mask_size must be at least 1, got 0"):
        MaskTransform(mask_size=0, num_classes=3)


@pytest.mark.parametrize("resize", ["crop", "squash"])
@pytest.mark.parametrize("options", [{}, {"flip": 1.0}, {"crop": 0.5}, {"rotate": 20, "shift": 0.1, "zoom": 0.2}])
@pytest.mark.parametrize("shape", [(SIZE, SIZE), (48, 80)])
def test_a_mask_is_looked_up_where_its_picture_is_seen(resize, options, shape):
    mask = blobs(*shape)
    transform = ImageTransform(image_size=64, resize=resize, **options)
    image = transform.augment(transform.prepare(painted(mask)), np.random.default_rng(4))
    pictures = transform.collate([image])
    found = look_up(prepared(mask, side=64), pictures)[0].numpy()
    red = pictures.values[0, 0].numpy().astype(float)
    known = found != IGNORE
    wrong = np.abs(red / 100 - found) > 0.6
    assert known.mean() > 0.7 and wrong[known].mean() < 0.04
    assert known.all() or (pictures.values[0, 2].numpy()[~known] < 9).mean() > 0.7


def test_nothing_is_known_without_a_picture_or_a_mask():
    transform = ImageTransform(image_size=16)
    pictures = transform.collate([transform.prepare(painted(blobs(8, 8))), None])
    found = look_up(prepared(None, blobs(8, 8)), pictures)
    assert found.shape == (2, SIZE, SIZE) and (found == IGNORE).all()


def test_an_answer_is_spread_over_the_whole_picture():
    answers = torch.from_numpy(blobs(SIZE, SIZE)).long()[None].expand(3, -1, -1)
    transform = ImageTransform(image_size=16)
    raws = [np.zeros(shape, np.uint8) for shape in ((2 * SIZE, 2 * SIZE, 3), (SIZE, SIZE + 10, 3))]
    pictures = transform.collate([*map(transform.prepare, raws), None])
    double, wide, none = spread(answers, pictures)
    assert np.array_equal(double, np.repeat(np.repeat(blobs(SIZE, SIZE), 2, 0), 2, 1))
    assert np.array_equal(wide[:, 5:-5], blobs(SIZE, SIZE)) and (wide[:, [0, 4, -5, -1]] == IGNORE).all()
    assert double.dtype == np.uint8 and none is None


def test_centres_lie_row_by_row():
    assert centres(1, 2, torch.device("cpu")).tolist() == [[0.25, 0.5], [0.75, 0.5]]
