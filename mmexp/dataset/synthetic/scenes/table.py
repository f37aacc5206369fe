"""The world measured: columns of a table, some that help, some that do not, some that are empty."""

from __future__ import annotations

from mmexp.dataset.synthetic.scenes.scene import MOTIONS, SIZES, Scene, pick

DENSITY = {"metal": 8.0, "rubber": 2.0, "wood": 0.5}
"""Of each material, in kg per litre."""
UNWEIGHED = 0.1
"""Share of the scenes whose weight is not known."""
WIND = ("calm", *sorted(set(MOTIONS) - {"still"}))
COLUMNS = ("ground", "things", "weight", "hour", "wind")


def render(scene: Scene) -> dict[str, float | int | str]:
    """Measure a scene: COLUMNS, without ``weight`` where it is not known.

    ``ground`` and ``things``, the number of them, are seen. ``weight`` is of the largest object, in kg as if the image
    were 1 m wide, give or take a factor of 1.5: with the size, it gives the material away. ``hour`` and ``wind`` say
    nothing.
    """
    generator = scene.generator("table")
    known = generator.random() >= UNWEIGHED
    error = 1.5 ** (2 * generator.random() - 1)
    weight = DENSITY[scene.main.material] * (10 * SIZES[scene.main.size]) ** 3 * error
    row: dict[str, float | int | str] = {
        "ground": scene.ground,
        "things": len(scene.things),
        "weight": round(weight, 3),
        "hour": round(24 * generator.random(), 1),
        "wind": pick(WIND, generator),
    }
    return row if known else {name: value for name, value in row.items() if name != "weight"}
