from __future__ import annotations

import numpy as np
import pytest

from mmexp.dataset.synthetic.scenes import draw, sound
from mmexp.dataset.synthetic.scenes.incident import (
    AUDIO_FAULTS,
    BURST,
    IMAGE_FAULTS,
    KINDS,
    NORMAL,
    SILENCE,
    anomaly,
    camera,
    incident,
    microphone,
)
from mmexp.dataset.synthetic.scenes.scene import sample

SCENES = [sample(0, "val", i, 3) for i in range(100)]


def of(kind: str) -> list:
    found = [scene for scene in SCENES if incident(scene) == kind]
    assert found, kind
    return found


def test_training_never_sees_an_incident():
    assert {incident(sample(0, "train", i, 3)) for i in range(100)} == {NORMAL}


@pytest.mark.parametrize("split", ["val", "test"])
def test_every_fifth_scene_of_val_and_test_has_one_and_all_kinds_occur_as_often(split):
    kinds = [incident(sample(3, split, i, 3)) for i in range(50)]
    assert {kind: kinds.count(kind) for kind in kinds} == {NORMAL: 40, **dict.fromkeys(KINDS, 2)}
    assert [anomaly(scene) for scene in SCENES] == [1, 0, 0, 0, 0] * 20


def test_what_is_normal_looks_and_sounds_like_the_scene():
    for scene in of(NORMAL)[:9]:
        assert np.array_equal(camera(scene, 48), draw.render(scene, 48))
        assert np.array_equal(microphone(scene).samples, sound.render(scene).samples)


@pytest.mark.parametrize("kind", KINDS)
def test_an_incident_is_seen_or_heard_but_never_both(kind):
    for scene in of(kind):
        seen = not np.array_equal(camera(scene, 64), draw.render(scene, 64))
        heard = not np.array_equal(microphone(scene).samples, sound.render(scene).samples)
        assert (seen, heard) == (kind in IMAGE_FAULTS, kind not in IMAGE_FAULTS)
        assert np.array_equal(camera(scene, 64), camera(scene, 64)) and camera(scene, 64).dtype == np.uint8


def test_a_mismatch_sounds_like_another_picture_and_is_not_told_by_itself():
    for scene in of("mismatch"):
        one, other = (sample.samples for sample in (microphone(scene), sound.render(scene)))
        assert len(one) == len(other) and abs(np.corrcoef(one, other)[0, 1]) < 0.5
        assert np.std(one) == pytest.approx(np.std(other), rel=0.3)


def test_a_burst_is_loud_and_a_silence_has_no_noise_of_the_room():
    for scene in of("burst"):
        changed = microphone(scene).samples - sound.render(scene).samples
        assert np.count_nonzero(changed) == pytest.approx(BURST * sound.RATE, rel=0.05)
        assert abs(microphone(scene).samples).max() <= 1
    for scene in of("silence"):
        assert np.count_nonzero(microphone(scene).samples == 0) >= SILENCE * sound.RATE


@pytest.mark.parametrize("kind", IMAGE_FAULTS)
def test_what_is_seen_covers_a_small_part_of_the_image(kind):
    for scene in of(kind):
        changed = (camera(scene, 64) != draw.render(scene, 64)).any(-1).mean()
        assert 0.02 < changed < 0.15
    assert set(AUDIO_FAULTS) | set(IMAGE_FAULTS) | {"mismatch"} == set(KINDS)
