from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmexp.dataset.synthetic.scenes import draw
from mmexp.dataset.synthetic.scenes.scene import sample
from mmexp.dataset.synthetic.scenes.video import FRAMES, SIZE, TRAVEL, render

SCENES = [sample(0, "val", i, 4) for i in range(40)]


def alone(motion: str):
    scene = next(scene for scene in SCENES if scene.main.colour == "red")
    return replace(scene, things=(replace(scene.main, motion=motion),))


def centre(frame: np.ndarray, bare: np.ndarray) -> np.ndarray:
    """Across and down of what is drawn, in sides of the image."""
    rows, columns = np.nonzero((frame.astype(int) - bare)[..., 0] > 60)
    return np.array([columns.mean(), rows.mean()]) / len(frame)


@pytest.mark.parametrize(
    ("motion", "way"), [("left", (-1, 0)), ("right", (1, 0)), ("up", (0, -1)), ("down", (0, 1)), ("still", (0, 0))]
)
def test_a_thing_moves_its_way_at_an_even_pace(motion, way):
    scene = alone(motion)
    bare = draw.render(replace(scene, things=()), 96).astype(int)
    steps = np.diff([centre(frame, bare) for frame in render(scene, FRAMES, 96)], axis=0)
    np.testing.assert_allclose(steps.sum(0), np.multiply(way, TRAVEL), atol=0.03)
    assert np.abs(steps - steps.mean(0)).max() < 0.02


def test_a_film_is_frames_of_one_size_and_nothing_leaves_the_image():
    for scene in SCENES:
        film = render(scene)
        assert film.shape == (FRAMES, SIZE, SIZE, 3) and film.dtype == np.uint8
    for motion in ("left", "right", "up", "down"):
        scene = alone(motion)
        bare = draw.render(replace(scene, things=()), 64).astype(int)
        sizes = [((frame.astype(int) - bare)[..., 0] > 60).sum() for frame in render(scene, FRAMES, 64)]
        assert min(sizes) > 0.9 * max(sizes)


def test_a_still_scene_is_its_image_again_and_again():
    scene = SCENES[0]
    still = replace(scene, things=tuple(replace(thing, motion="still") for thing in scene.things))
    assert all(np.array_equal(frame, draw.render(still, 64)) for frame in render(still, 3, 64))


def test_one_frame_is_a_film_too():
    assert render(SCENES[0], 1, 32).shape == (1, 32, 32, 3)
