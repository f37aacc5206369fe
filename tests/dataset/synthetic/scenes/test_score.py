from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmexp.dataset.synthetic.scenes.scene import sample
from mmexp.dataset.synthetic.scenes.score import RING, render

SCENES = [sample(0, "train", i, 3) for i in range(1500)]


def test_a_score_lies_between_minus_one_and_one_and_reaches_far():
    scores = [render(scene) for scene in SCENES]
    assert -1 <= min(scores) < -0.3 and 0.7 < max(scores) <= 1


def test_at_the_top_of_the_image_metal_is_one_and_at_the_bottom_rubber_is_less_than_nothing():
    thing = SCENES[0].things[0]
    made = {(y, m): replace(SCENES[0], things=(replace(thing, y=y, material=m),)) for y in (0.0, 1.0) for m in RING}
    assert render(made[0.0, "metal"]) == 1 and np.isclose(render(made[1.0, "rubber"]), -0.4)
    assert np.isclose(render(made[0.0, "wood"]), -render(made[1.0, "wood"]))


def test_neither_eye_nor_ear_nor_their_sum_explains_it_all():
    scores = np.array([render(scene) for scene in SCENES])
    rise = np.array([1 - 2 * scene.main.y for scene in SCENES])
    ring = np.array([RING[scene.main.material] for scene in SCENES])

    def explained(*columns: np.ndarray) -> float:
        design = np.stack([np.ones(len(scores)), *columns], 1)
        left = scores - design @ np.linalg.lstsq(design, scores, rcond=None)[0]
        return float(1 - left.var() / scores.var())

    assert explained(rise) < 0.5 and explained(ring) < 0.8 and explained(rise, ring) < 0.97
    assert explained(rise, ring, rise * ring) > 0.9999
