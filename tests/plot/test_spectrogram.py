from __future__ import annotations

import numpy as np

from mmexp.contract import Waveform
from mmexp.plot.spectrogram import spectrograms

RATE = 8000


def test_a_tone_is_bright_at_its_pitch_and_words_stand_where_they_are_heard():
    time = np.arange(RATE) / RATE
    tone = Waveform(np.sin(2 * np.pi * 1000 * time).astype(np.float32), RATE)
    figure = spectrograms([tone, Waveform(tone.samples[:10], RATE)], [[("red", 0.25)], []], ["one $2", "short"])
    first, second = figure.axes
    image = first.images[0]
    low, high = image.get_extent()[2:]
    rows = np.asarray(image.get_array()).mean(1)  # the lowest pitch last
    brightest = high - (rows.argmax() + 0.5) / len(rows) * (high - low)
    assert abs(brightest - 1000) < 50
    (word,) = first.texts
    assert word.get_text() == "red" and word.get_position()[0] == 0.25
    assert not second.images and second.get_title(loc="left") == "short"


def test_silence_and_nothing_at_all_can_be_drawn():
    figure = spectrograms([Waveform(np.zeros(n, np.float32), RATE) for n in (0, 900)], [[], []], ["", ""])
    figure.draw_without_rendering()
