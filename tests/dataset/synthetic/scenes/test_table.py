from __future__ import annotations

import numpy as np

from mmexp.dataset.synthetic.scenes.scene import GROUNDS, sample
from mmexp.dataset.synthetic.scenes.table import COLUMNS, WIND, render

SCENES = [sample(0, "train", i, 3) for i in range(1500)]
ROWS = [render(scene) for scene in SCENES]


def test_a_row_has_every_column_but_a_weight_that_is_not_known():
    assert all(set(COLUMNS) - {"weight"} <= set(row) <= set(COLUMNS) for row in ROWS)
    assert 0.07 < np.mean(["weight" not in row for row in ROWS]) < 0.13


def test_ground_and_number_are_those_of_the_scene_and_the_rest_is_in_range():
    for scene, row in zip(SCENES, ROWS, strict=True):
        assert row["ground"] == scene.ground in GROUNDS and row["things"] == len(scene.things)
        assert 0 <= row["hour"] <= 24 and row["wind"] in WIND


def test_the_weight_tells_the_material_of_a_thing_whose_size_is_known():
    large = [
        (scene.main.material, row["weight"])
        for scene, row in zip(SCENES, ROWS, strict=True)
        if scene.main.size == "large" and "weight" in row
    ]
    weights = {m: [weight for own, weight in large if own == m] for m in ("wood", "rubber", "metal")}
    assert max(weights["wood"]) < min(weights["rubber"]) < max(weights["rubber"]) < min(weights["metal"])


def test_wind_and_hour_say_nothing_of_the_material():
    metal = [scene.main.material == "metal" for scene in SCENES]
    assert abs(np.corrcoef(metal, [row["hour"] for row in ROWS])[0, 1]) < 0.08
