"""Audio over time and pitch, with words where they are labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmexp.contract import Waveform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 8.0, 1.9  # inches
WINDOW = 0.025  # s
FLOOR = 1e-5  # amplitude under which all is silence

Labels = Sequence[tuple[str, float]]
"""Words, each with its position as a fraction of the audio."""


def spectrograms(
    audio: Sequence[Waveform], labels: Sequence[Labels], titles: Sequence[str], columns: int = 1
) -> Figure:
    """Show audio one below the other, or some of them side by side.

    Args:
        audio: Each of its own length.
        labels: What is written onto each.
        titles: A text above each.
        columns: Recordings in a row, which are drawn over the same time.
    """
    from matplotlib.figure import Figure

    rows = -(-len(audio) // columns)
    figure = Figure(figsize=(WIDTH, HEIGHT * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    lengths = [len(one.samples) / one.rate for one in audio]
    for i, (one, words, title) in enumerate(zip(audio, labels, titles, strict=True)):
        axes, row = panels[i], i - i % columns
        size = max(16, round(WINDOW * one.rate))
        if len(one.samples) >= size:
            axes.specgram(
                one.samples + FLOOR, NFFT=size, Fs=one.rate, noverlap=size // 2, cmap="magma", vmin=-120, vmax=-20
            )
        for word, at in words:
            axes.axvline(at * lengths[i], color="white", linewidth=0.5)
            axes.text(at * lengths[i], one.rate * 0.47, word, color="white", ha="center", va="top", fontsize=8)
        axes.set(xlim=(0, max(WINDOW, *lengths[row : row + columns])), ylim=(0, one.rate / 2), ylabel="Hz")
        axes.set_title(title, fontsize=8, loc="left", parse_math=False)
    figure.supxlabel("s", fontsize=8)
    return figure
