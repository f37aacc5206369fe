"""Audio: each object is struck in turn, the largest first. Material is timbre, colour is pitch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from mmexp.contract import Waveform
from mmexp.dataset.synthetic.scenes.scene import COLOURS, Scene, Thing

RATE = 8000
"""Samples per second, in Hz."""
TURN = 0.2
"""Time of one object, in seconds."""
PITCH = {colour: 262.0 * 2 ** (i / 4) for i, colour in enumerate(COLOURS)}
"""Fundamental of each colour, in Hz."""

Voice = Callable[[float, np.ndarray, Generator], np.ndarray]


def render(scene: Scene) -> Waveform:
    """Strike everything in the scene, over a little room noise."""
    generator = scene.generator("sound")
    sound = np.concatenate([_strike(thing, generator) for thing in scene.things])
    noise = 0.01 * generator.standard_normal(len(sound))
    return Waveform((0.5 * sound + noise).clip(-1, 1).astype(np.float32), RATE)


def _strike(thing: Thing, generator: Generator) -> np.ndarray:
    """[TURN * RATE]"""
    time = np.arange(round(TURN * RATE)) / RATE
    pitch = PITCH[thing.colour] * (1 + 0.01 * (2 * generator.random() - 1))
    return np.asarray(VOICES[thing.material](pitch, time, generator) * (0.8 + 0.2 * generator.random()))


def _metal(pitch: float, time: np.ndarray, generator: Generator) -> np.ndarray:
    """Partials of a free bar, which are no whole multiples, ringing long."""
    partials = zip((1.0, 2.756, 5.404), (0.5, 0.3, 0.2), strict=True)
    tone = sum(loud * np.sin(2 * np.pi * ratio * pitch * time) for ratio, loud in partials)
    return np.asarray(tone * _fade(time, 0.2))


def _wood(pitch: float, time: np.ndarray, generator: Generator) -> np.ndarray:
    """A fundamental with its octave, gone at once."""
    tone = 0.7 * np.sin(2 * np.pi * pitch * time) + 0.3 * np.sin(4 * np.pi * pitch * time)
    return np.asarray(tone * _fade(time, 0.025))


def _rubber(pitch: float, time: np.ndarray, generator: Generator) -> np.ndarray:
    """A tone that falls by a fifth, in a soft hiss."""
    falling = np.sin(2 * np.pi * pitch * (time - 0.5 * time**2 / TURN / 3))
    hiss = np.convolve(generator.standard_normal(len(time)), np.ones(4) / 4, "same")
    return np.asarray((0.6 * falling + 0.4 * hiss) * _fade(time, 0.08))


def _fade(time: np.ndarray, seconds: float) -> np.ndarray:
    return np.exp(-time / seconds)


VOICES: dict[str, Voice] = {"metal": _metal, "wood": _wood, "rubber": _rubber}
"""How each material sounds: pitch in Hz and times in s to samples."""
