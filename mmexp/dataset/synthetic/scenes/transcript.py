"""The world overheard: what the soundtrack says, word for word."""

from __future__ import annotations

from mmexp.dataset.synthetic.scenes.scene import Scene


def render(scene: Scene) -> str:
    """Material and colour of each object in the order in which they are struck: ``metal green wood white``."""
    return " ".join(f"{thing.material} {thing.colour}" for thing in scene.things)
