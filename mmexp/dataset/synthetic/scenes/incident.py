"""The world watched: a camera and a microphone, and now and then something that does not belong.

In train everything is as it should be. In val and test every fifth scene has an incident, each kind in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from mmexp.contract import Waveform
from mmexp.dataset.synthetic.scenes import draw, sound
from mmexp.dataset.synthetic.scenes.scene import COLOURS, SPLITS, Scene, pick

EVERY = 5
NORMAL = "none"
STRANGER = 0.3
"""Extent of an object that never occurs, in sides of the image."""
STRIPE = 0.08
"""Height of a flickering stripe, in sides of the image."""
BURST, LOUD = 0.06, 0.5
"""Length of a burst of noise, in s, and its standard deviation."""
SILENCE = 0.1
"""Length of a silence, in s."""

ImageFault = Callable[[np.ndarray, Generator], None]
AudioFault = Callable[[np.ndarray, Generator], None]


def incident(scene: Scene) -> str:
    """What is wrong with a scene: ``none`` or one of KINDS."""
    split, place = SPLITS[scene.key[1] >> 48], scene.key[1] & (1 << 48) - 1
    return NORMAL if split == "train" or place % EVERY else KINDS[place // EVERY % len(KINDS)]


def anomaly(scene: Scene) -> int:
    """Whether anything is."""
    return int(incident(scene) != NORMAL)


def camera(scene: Scene, image_size: int) -> np.ndarray:
    """The image of a scene. uint8 RGB [image_size, image_size, 3]"""
    image = draw.render(scene, image_size)
    if (kind := incident(scene)) in IMAGE_FAULTS:
        IMAGE_FAULTS[kind](image, scene.generator("camera"))
    return image


def microphone(scene: Scene) -> Waveform:
    """The sound of a scene; with a ``mismatch``, as if each object were of another colour."""
    kind, generator = incident(scene), scene.generator("microphone")
    audio = sound.render(_recoloured(scene, generator) if kind == "mismatch" else scene)
    if kind in AUDIO_FAULTS:
        AUDIO_FAULTS[kind](audio.samples, generator)
    return audio


def _recoloured(scene: Scene, generator: Generator) -> Scene:
    others = [[colour for colour in COLOURS if colour != thing.colour] for thing in scene.things]
    pairs = zip(scene.things, others, strict=True)
    return replace(scene, things=tuple(replace(thing, colour=pick(left, generator)) for thing, left in pairs))


def _stranger(image: np.ndarray, generator: Generator) -> None:
    """Put a dark cross somewhere, which casts no shadow."""
    side = round(STRANGER * len(image))
    left, top = (generator.random(2) * (len(image) - side)).astype(int).tolist()
    middle = abs(np.arange(side) - (side - 1) / 2) < side / 6
    image[top : top + side, left : left + side][middle[:, None] | middle] = 24


def _stripe(image: np.ndarray, generator: Generator) -> None:
    """Replace some lines by grey flicker."""
    height = max(1, round(STRIPE * len(image)))
    top = int(generator.random() * (len(image) - height))
    image[top : top + height] = (256 * generator.random((height, len(image), 1))).astype(np.uint8)


def _burst(samples: np.ndarray, generator: Generator) -> None:
    place = _stretch(len(samples), BURST, generator)
    noise = LOUD * generator.standard_normal(len(samples[place]))
    samples[place] = (samples[place] + noise).clip(-1, 1)


def _silence(samples: np.ndarray, generator: Generator) -> None:
    samples[_stretch(len(samples), SILENCE, generator)] = 0


def _stretch(length: int, seconds: float, generator: Generator) -> slice:
    """Some place in a sound."""
    size = round(seconds * sound.RATE)
    start = int(generator.random() * (length - size))
    return slice(start, start + size)


IMAGE_FAULTS: dict[str, ImageFault] = {"stranger": _stranger, "stripe": _stripe}
AUDIO_FAULTS: dict[str, AudioFault] = {"burst": _burst, "silence": _silence}
KINDS = ("mismatch", *IMAGE_FAULTS, *AUDIO_FAULTS)
"""All that can be wrong: the audio does not fit the image, or one of the two holds what never occurs otherwise."""
