"""The world seen: an RGB image of a scene, lit from the upper left. Materials do not show."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.random import Generator, Philox
from PIL import Image

from mmexp.dataset.synthetic.scenes.scene import Scene, Thing

PAINT = {
    "red": (222, 44, 40),
    "yellow": (250, 206, 36),
    "green": (48, 168, 60),
    "blue": (44, 92, 226),
    "purple": (150, 58, 196),
    "white": (246, 246, 244),
}
"""RGB of each colour in full light."""
EARTH = {
    "sand": (168, 148, 116),
    "moss": (112, 118, 92),
    "stone": (126, 126, 130),
    "soil": (110, 92, 80),
    "slate": (88, 98, 112),
}
"""RGB of each ground, on average."""
LIGHT = np.array([-0.45, -0.6, 0.66])
SHADE = 0.45
"""How much light a full shadow takes away."""
FINE = 4
"""Points per pixel and axis when a sprite is made."""

Solid = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def render(scene: Scene, image_size: int) -> np.ndarray:
    """Draw a scene.

    Args:
        scene: What to draw.
        image_size: Height and width, in pixels.

    Returns:
        uint8 RGB. [image_size, image_size, 3]
    """
    left, top = (scene.generator("draw").random(2) * image_size).astype(int).tolist()
    image = _ground(scene.ground, image_size)[top : top + image_size, left : left + image_size].copy()
    for thing in scene.things:
        keep, paint = _sprite(thing.shape, thing.colour, side(thing, image_size))
        left, top = corner(thing, image_size)
        patch = image[top : top + len(keep), left : left + len(keep)]
        seen = keep[: len(patch), : patch.shape[1]]
        patch *= seen
        patch += paint[: len(patch), : patch.shape[1]]
    return image.astype(np.uint8)


def side(thing: Thing, image_size: int) -> int:
    """Height and width of an object, in pixels."""
    return round(thing.extent * image_size)


def corner(thing: Thing, image_size: int) -> tuple[int, int]:
    """Left and top pixel of an object."""
    half = side(thing, image_size) / 2
    return round(thing.x * image_size - half), round(thing.y * image_size - half)


@cache
def coverage(shape: str, pixels: int) -> np.ndarray:
    """How much of each pixel an object covers, 0 to 1. [pixels, pixels]"""
    inside, _ = SOLIDS[shape](*_grid(pixels))
    return _shrink(inside.astype(np.float32))


@cache
def _sprite(shape: str, colour: str, pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """What an object and its shadow leave of the ground, and what they add to it. Each [H, W, 3], a shadow larger."""
    inside, light = SOLIDS[shape](*_grid(pixels))
    glow = np.where(inside, light, 0)[..., None]
    tint = np.array(PAINT[colour], np.float32)
    lit = np.minimum(glow, 1) * tint + np.maximum(glow - 1, 0) * (255 - tint)
    drop = max(1, pixels // 8)
    cover = np.pad(coverage(shape, pixels), (0, drop))
    shadow = np.pad(coverage(shape, pixels), (drop, 0))
    keep = (1 - cover) * (1 - SHADE * shadow)
    paint = np.pad(_shrink(lit), ((0, drop), (0, drop), (0, 0)))
    return keep[..., None].astype(np.float32), paint.astype(np.float32)


@cache
def _ground(name: str, image_size: int) -> np.ndarray:
    """Earth with coarse and fine grain, twice the image's size so that every scene finds its own part. [2S, 2S, 3]"""
    generator = Generator(Philox(key=list(EARTH).index(name)))
    extent = 2 * image_size
    grain = np.zeros((extent, extent), np.float32)
    for cells, strength in ((8, 10), (24, 7), (64, 7), (extent, 5)):
        noise = Image.fromarray(generator.random((cells, cells)).astype(np.float32) * 2 - 1)
        grain += strength * np.asarray(noise.resize((extent, extent), Image.Resampling.BICUBIC))
    return np.array(EARTH[name], np.float32) + grain[..., None]


def _grid(pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of fine points from -1 to 1: to the right, and downwards. Each [FINE * pixels, FINE * pixels]"""
    axis = (np.arange(FINE * pixels) + 0.5) / (FINE * pixels) * 2 - 1
    across, down = np.meshgrid(axis, axis)
    return across, down


def _shrink(fine: np.ndarray) -> np.ndarray:
    """Mean of the FINE x FINE points of each pixel."""
    height, width = (extent // FINE for extent in fine.shape[:2])
    return np.asarray(fine.reshape(height, FINE, width, FINE, *fine.shape[2:]).mean((1, 3)))


def _lit(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Light on a surface with this normal; above 1 it turns white."""
    facing = np.clip(x * LIGHT[0] + y * LIGHT[1] + z * LIGHT[2], 0, 1)
    return np.asarray(0.4 + 0.62 * facing + 0.5 * facing**24)


def _ball(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    z = np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))
    return x**2 + y**2 <= 1, _lit(x, y, z)


def _cone(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    width = np.clip((y + 1) / 1.7, 1e-6, 1)
    foot = x**2 + ((y - 0.7) / 0.3) ** 2 <= 1
    return (abs(x) <= width) & (y <= 0.7) | foot, 0.72 - 0.36 * np.clip(x / width, -1, 1)


def _cube(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A front face, and a lit top and a dark right face that lean away by ``lean``."""
    lean, edge = 0.55, 0.45
    high, wide = (-edge - y), (x - edge)
    top = (high > 0) & (x >= high - 1) & (x <= edge + high)
    right = (wide > 0) & (y >= -edge - wide) & (y <= 1 - wide) & ~top
    front = (x <= edge) & (y >= -edge)
    return (top & (high <= lean)) | (right & (wide <= lean)) | front, np.where(top, 1.12, np.where(right, 0.5, 0.82))


def _ring(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    radius = np.hypot(x, y)
    middle, thick = 0.74, 0.26
    bulge = np.clip((radius - middle) / thick, -1, 1)
    return abs(radius - middle) <= thick, _lit(bulge * x / radius, bulge * y / radius, np.sqrt(1 - bulge**2))


SOLIDS: dict[str, Solid] = {"ball": _ball, "cone": _cone, "cube": _cube, "ring": _ring}
"""Each shape as a function of fine points to whether they are inside, and how lit."""
