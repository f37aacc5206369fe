from __future__ import annotations

import numpy as np
import pytest

from mmexp.transform.image import ImageTransform
from mmexp.transform.video import VideoTransform


def film(frames: int) -> np.ndarray:
    """Frame t is of grey t."""
    return np.broadcast_to(np.arange(frames, dtype=np.uint8)[:, None, None, None], (frames, 8, 8, 3))


@pytest.mark.parametrize(
    ("frames", "wanted", "kept"), [(8, 4, [1, 3, 5, 7]), (3, 4, [0, 1, 2]), (7, 2, [1, 5]), (9, 1, [4])]
)
def test_frames_are_taken_at_equal_distances(frames, wanted, kept):
    transform = VideoTransform(image=ImageTransform(image_size=8), num_frames=wanted)
    batch = transform.collate([transform.prepare(film(frames))])
    assert batch.values[0, :, 0, 0, 0].tolist() == kept and batch.values.shape == (1, len(kept), 3, 8, 8)


def test_a_missing_film_and_a_short_one_are_padded():
    transform = VideoTransform(image=ImageTransform(image_size=8), num_frames=4)
    batch = transform.collate([None, transform.prepare(film(2)), transform.prepare(film(4))])
    assert batch.mask.sum(1).tolist() == [0, 2, 4] and batch.values.dtype.is_floating_point is False
    assert transform.collate([None]).values.shape == (1, 1, 3, 8, 8)


def test_all_frames_are_varied_alike():
    picture = np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8)
    transform = VideoTransform(image=ImageTransform(image_size=16, crop=0.3, flip=0.5, jitter=0.4), num_frames=3)
    prepared = transform.prepare(np.stack([picture] * 3))
    values = transform.collate([transform.augment(prepared, np.random.default_rng(n)) for n in (1, 2)]).values
    assert (values[:, :1] == values).all() and (values[0] != values[1]).any()


def test_no_frames_are_refused():
    with pytest.raises(ValueError, match="num_frames must be at least 1, got 0"):
        VideoTransform(image=ImageTransform(), num_frames=0)
