from __future__ import annotations

import numpy as np

from mmexp.dataset.synthetic.scenes import sound
from mmexp.dataset.synthetic.scenes.scene import MATERIALS, sample
from mmexp.dataset.synthetic.scenes.transcript import render

SCENES = [sample(1, "train", i, 4) for i in range(40)]


def loudest(turn: np.ndarray) -> float:
    """Frequency of most energy, in Hz."""
    spectrum = np.abs(np.fft.rfft(turn * np.hanning(2 * len(turn))[len(turn) :], 1 << 15))
    return float(np.fft.rfftfreq(1 << 15, 1 / sound.RATE)[spectrum.argmax()])


def test_the_words_come_in_the_order_in_which_things_are_heard():
    right = []
    for scene in SCENES:
        words, heard = render(scene).split(), sound.render(scene)
        turns = heard.samples.reshape(-1, round(sound.TURN * sound.RATE))
        assert len(words) == 2 * len(turns)
        for material, colour, turn in zip(words[::2], words[1::2], turns, strict=True):
            nearest = min(sound.PITCH, key=lambda name: abs(np.log(sound.PITCH[name] / loudest(turn))))
            right += [nearest == colour] if material != "rubber" else []
    assert np.mean(right) > 0.95


def test_the_material_is_what_is_heard():
    faded = {material: [] for material in MATERIALS}
    for scene in SCENES:
        turns = sound.render(scene).samples.reshape(-1, round(sound.TURN * sound.RATE))
        for material, turn in zip(render(scene).split()[::2], turns, strict=True):
            half = len(turn) // 2
            faded[material].append(np.square(turn[half:]).sum() / np.square(turn[:half]).sum())
    assert np.median(faded["metal"]) > 3 * np.median(faded["rubber"]) > 9 * np.median(faded["wood"])
