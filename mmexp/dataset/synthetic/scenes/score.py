"""Scores: a number that needs the image and the audio, and the two together."""

from __future__ import annotations

from mmexp.dataset.synthetic.scenes.scene import Scene

RING = {"metal": 1.0, "wood": 0.0, "rubber": -1.0}
SEEN, BOTH = 0.35, 0.3
"""Share of the image, of the audio, and of their product; SEEN + SEEN + BOTH = 1."""


def render(scene: Scene) -> float:
    """Score the largest object, in [-1, 1]: ``0.35 rise + 0.35 ring + 0.3 rise ring``.

    ``rise`` is 1 at the top of the image and -1 at its bottom, ``ring`` 1 for metal, 0 for wood and -1 for rubber.
    """
    rise, ring = 1 - 2 * scene.main.y, RING[scene.main.material]
    return SEEN * rise + SEEN * ring + BOTH * rise * ring
