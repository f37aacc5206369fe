from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmexp.dataset.synthetic.scenes.scene import COLOURS, MATERIALS, sample
from mmexp.dataset.synthetic.scenes.sound import PITCH, RATE, TURN, render


def alone(**facts: str) -> np.ndarray:
    scene = sample(0, "train", 0, 1)
    return render(replace(scene, things=(replace(scene.main, **facts),))).samples


def test_each_thing_has_its_turn():
    for index in range(20):
        scene = sample(0, "train", index, 4)
        sound = render(scene)
        assert sound.rate == RATE and sound.samples.dtype == np.float32 and abs(sound.samples).max() <= 1
        assert len(sound.samples) == round(TURN * RATE) * len(scene.things)


@pytest.mark.parametrize("colour", COLOURS)
def test_colour_is_heard_as_pitch(colour):
    samples = alone(colour=colour, material="metal")
    loudest = np.abs(np.fft.rfft(samples, 8 * RATE)).argmax() / 8
    assert abs(loudest / PITCH[colour] - 1) < 0.03


def test_material_is_heard_as_timbre():
    def late(material: str) -> float:
        """Share of the energy in the second half of the turn."""
        energy = alone(colour="red", material=material) ** 2
        return float(energy[len(energy) // 2 :].sum() / energy.sum())

    assert late("wood") < late("rubber") < late("metal") and set(MATERIALS) == {"wood", "rubber", "metal"}


def test_shape_is_not_heard():
    np.testing.assert_array_equal(alone(shape="ball"), alone(shape="cube"))
