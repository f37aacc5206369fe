"""Ways to show symbols: as noisy vectors, as sequences of them, or as images, tones and words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from mmexp.contract import Waveform
from mmexp.dataset.synthetic.interactions.rule import BLANK, SYMBOLS

WIDTH = 8  # numbers per symbol
LENGTH = 6  # vectors in a sequence that shows one symbol
JITTER = 0.3  # standard deviation of the noise; a code has 1
LOUD = 4.0  # loudness of a modality that drowns the others
_BASES = np.linalg.qr(np.random.default_rng(0).standard_normal((3, WIDTH, WIDTH)))[0]
CODES = WIDTH**0.5 * _BASES[:, :SYMBOLS]  # the vectors of each modality's symbols, orthogonal, of unit scale
PIXELS, CELL = 32, 8
COLOURS = np.array([[230, 60, 60], [60, 200, 80], [70, 110, 240], [230, 220, 60]])
RATE, TONE = 8000, 800  # Hz, samples of one tone
PITCHES = (400.0, 640.0, 1000.0, 1600.0)  # Hz
WORDS = ("one", "two", "three", "four")
NO_WORD = "none"


class Form(ABC):
    """Shows what each modality has to show.

    Attributes:
        names: Of the modalities, three at most.
    """

    names: tuple[str, str, str] = ("left", "right", "third")

    @abstractmethod
    def show(self, modality: int, symbols: np.ndarray, loudness: float, generator: np.random.Generator) -> Any:
        """Raw input of one modality from its symbols [L]; loudness is a factor of what it shows, or of its noise."""

    def facts(self, places: int) -> dict[str, dict[str, Any]]:
        """What encoders must know of each modality."""
        return {}


class Vectors(Form):
    """One vector: the codes of all symbols one behind the other. float32 [L * WIDTH]"""

    def show(self, modality: int, symbols: np.ndarray, loudness: float, generator: np.random.Generator) -> np.ndarray:
        return encode(modality, symbols, loudness, generator).reshape(-1)

    def facts(self, places: int) -> dict[str, dict[str, Any]]:
        return {name: {"kind": "vector", "width": places * WIDTH, "length": None} for name in self.names}


class Sequences(Form):
    """A code per place in order; a single symbol stands at any place of LENGTH, the others being noise.

    float32 [L, WIDTH]
    """

    def show(self, modality: int, symbols: np.ndarray, loudness: float, generator: np.random.Generator) -> np.ndarray:
        row = symbols
        if len(symbols) == 1:
            row = np.full(LENGTH, BLANK)
            row[generator.integers(LENGTH)] = symbols[0]
        return encode(modality, row, loudness, generator)

    def facts(self, places: int) -> dict[str, dict[str, Any]]:
        length = places if places > 1 else LENGTH
        return {name: {"kind": "vector", "width": WIDTH, "length": length} for name in self.names}


class Images(Form):
    """An image of coloured squares from left to right, a row of tones, a row of words."""

    names = ("image", "audio", "text")

    def show(self, modality: int, symbols: np.ndarray, loudness: float, generator: np.random.Generator) -> Any:
        return (draw, play, speak)[modality](symbols, loudness, generator)


def encode(modality: int, symbols: np.ndarray, loudness: float, generator: np.random.Generator) -> np.ndarray:
    """Codes of symbols [L], none for a blank, and noise. -> float32 [L, WIDTH]"""
    codes: np.ndarray = CODES[modality][symbols] * (symbols != BLANK)[:, None]
    shown = loudness * (codes + JITTER * generator.standard_normal(codes.shape))
    return shown.astype(np.float32)


def draw(symbols: np.ndarray, loudness: float, generator: np.random.Generator) -> np.ndarray:
    """A square for each symbol, one alone anywhere, several side by side. -> uint8 [PIXELS, PIXELS, 3]"""
    image = np.full((PIXELS, PIXELS, 3), 30.0)
    for place, symbol in enumerate(symbols):
        top, left = generator.integers(PIXELS - CELL, size=2)
        left = left if len(symbols) == 1 else place * CELL
        if symbol != BLANK:
            image[top : top + CELL, left : left + CELL] = COLOURS[symbol]
    return (image + 12 * loudness * generator.standard_normal(image.shape)).clip(0, 255).astype(np.uint8)


def play(symbols: np.ndarray, loudness: float, generator: np.random.Generator) -> Waveform:
    """A tone for each symbol, silence for a blank. -> float32 [L * TONE]"""
    time = np.arange(TONE) / RATE
    phases = generator.uniform(0, 2 * np.pi, len(symbols))
    tones = [
        np.zeros(TONE) if symbol == BLANK else np.sin(2 * np.pi * PITCHES[symbol] * time + phase)
        for symbol, phase in zip(symbols, phases, strict=True)
    ]
    sound = 0.2 * np.concatenate(tones)
    noisy = loudness * (sound + 0.01 * generator.standard_normal(len(sound)))
    return Waveform(noisy.clip(-1, 1).astype(np.float32), RATE)


def speak(symbols: np.ndarray, loudness: float, generator: np.random.Generator) -> str:
    """A word for each symbol; words know no noise."""
    return " ".join(NO_WORD if symbol == BLANK else WORDS[symbol] for symbol in symbols)


FORMS: Mapping[str, Form] = {"vector": Vectors(), "sequence": Sequences(), "image": Images()}
