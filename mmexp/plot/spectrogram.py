"""Sound as it is over time and pitch, with words where they are heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmexp.contract import Waveform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 8.0, 1.9  # inches
WINDOW = 0.025  # s
FLOOR = 1e-5  # amplitude under which all is silence

Heard = Sequence[tuple[str, float]]
"""Words, each with its place as a share of the sound."""


def spectrograms(audio: Sequence[Waveform], heard: Sequence[Heard], titles: Sequence[str], columns: int = 1) -> Figure:
    """Show audio one below the other, or some of them side by side.

    Args:
        audio: Each of its own length.
        heard: What is written onto each.
        titles: A text above each.
        columns: Sounds in a row, which are drawn over the same time.
    """
    from matplotlib.figure import Figure

    rows = -(-len(audio) // columns)
    figure = Figure(figsize=(WIDTH, HEIGHT * rows), layout="constrained")
    places = figure.subplots(rows, columns, squeeze=False).flat
    lengths = [len(sound.samples) / sound.rate for sound in audio]
    for i, (sound, words, title) in enumerate(zip(audio, heard, titles, strict=True)):
        axes, row = places[i], i - i % columns
        size = max(16, round(WINDOW * sound.rate))
        if len(sound.samples) >= size:
            axes.specgram(sound.samples + FLOOR, NFFT=size, Fs=sound.rate, noverlap=size // 2, cmap="magma", vmin=-120)
        for word, share in words:
            axes.axvline(share * lengths[i], color="white", linewidth=0.5)
            axes.text(share * lengths[i], sound.rate * 0.47, word, color="white", ha="center", va="top", fontsize=8)
        axes.set(xlim=(0, max(WINDOW, *lengths[row : row + columns])), ylim=(0, sound.rate / 2), ylabel="Hz")
        axes.set_title(title, fontsize=8, loc="left", parse_math=False)
    figure.supxlabel("s", fontsize=8)
    return figure
