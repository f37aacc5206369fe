"""The world classified: labels that need the eye, the ear, or both."""

from __future__ import annotations

from mmexp.dataset.synthetic.scenes.scene import COLOURS, MATERIALS, MOTIONS, SHAPES, Scene

LABELS = tuple(sorted(f"{material} {shape}" for material in MATERIALS for shape in SHAPES))
"""Every label of the main object."""
ATTRIBUTES = tuple(sorted((*COLOURS, *SHAPES)))
"""Every attribute a scene can show."""
SAME_COLOUR = ("no", "yes")
MOTION = tuple(sorted(MOTIONS))


def label(scene: Scene) -> str:
    """Material, which only the audio has, and shape, which only the image has, of the largest object."""
    return f"{scene.main.material} {scene.main.shape}"


def attributes(scene: Scene) -> list[str]:
    """Colours and shapes that occur, sorted."""
    return sorted({trait for thing in scene.things for trait in (thing.colour, thing.shape)})


def same_colour(scene: Scene) -> str:
    """Whether two objects share a colour."""
    return SAME_COLOUR[len({thing.colour for thing in scene.things}) < len(scene.things)]


def motion(scene: Scene) -> str:
    """Which way the largest object moves; only the video shows it."""
    return scene.main.motion
