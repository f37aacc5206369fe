from __future__ import annotations

import numpy as np
import pytest

from mmexp.contract import Waveform
from mmexp.transform.audio import AudioTransform

RATE = 8000


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def tone(frequency: float, rate: int = RATE, seconds: float = 1.0) -> Waveform:
    time = np.arange(int(rate * seconds)) / rate
    return Waveform(np.sin(2 * np.pi * frequency * time).astype(np.float32), rate)


def pitch(samples: np.ndarray, rate: int = RATE) -> float:
    """Frequency of the strongest tone, in Hz."""
    size = 1 << 16
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size))
    return float(np.argmax(spectrum) * rate / size)


def level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 16000, 44100])
def test_resampling_keeps_duration_pitch_and_loudness_of_a_tone(rate):
    samples = AudioTransform(sample_rate=RATE).prepare(tone(440, rate))
    assert samples.dtype == np.float32 and abs(len(samples) - RATE) <= 1
    assert pitch(samples) == pytest.approx(440, abs=1)
    assert level(samples[1000:-1000]) == pytest.approx(np.sqrt(0.5), rel=0.01)


def test_what_the_lower_rate_cannot_carry_is_filtered_out():
    assert level(AudioTransform(sample_rate=RATE).prepare(tone(5000, 16000))[200:-200]) < 0.02


def test_sound_that_is_too_long_is_cut_at_the_end():
    sound = tone(100, 16000, seconds=3)
    cut = AudioTransform(sample_rate=16000, max_seconds=0.5).prepare(sound)
    assert np.array_equal(cut, sound.samples[:8000])


def test_nothing_varies_by_default():
    samples = tone(440).samples
    assert np.array_equal(AudioTransform().augment(samples, rng(0)), samples)


def test_the_generator_alone_decides_how_a_sound_varies():
    transform = AudioTransform(speed=0.2, gain=6, noise=0.1)
    first, again, other = (transform.augment(tone(440).samples, rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and (len(first) != len(other) or not np.array_equal(first, other))
    assert first.dtype == np.float32


def test_speed_changes_length_and_pitch_together_within_its_bounds():
    samples, transform = tone(440).samples, AudioTransform(speed=0.2)
    factors = []
    for seed in range(40):
        varied = transform.augment(samples, rng(seed))
        factors.append(len(samples) / len(varied))
        assert pitch(varied) == pytest.approx(440 * factors[-1], rel=0.01)
    assert 0.8 <= min(factors) < 0.83 and 1.2 < max(factors) <= 1.251


def test_gain_changes_loudness_by_at_most_so_many_decibels():
    samples, transform = tone(440).samples, AudioTransform(gain=6)
    changes = [20 * np.log10(level(transform.augment(samples, rng(seed))) / level(samples)) for seed in range(60)]
    assert -6.001 < min(changes) < -5 and 5 < max(changes) < 6.001


def test_noise_is_measured_by_the_sounds_own_level():
    transform = AudioTransform(noise=0.1)
    for loudness in (1.0, 0.01):
        samples = loudness * tone(440).samples
        added = [level(transform.augment(samples, rng(seed)) - samples) / level(samples) for seed in range(40)]
        assert min(added) < 0.02 and 0.08 < max(added) < 0.105


def test_a_batch_marks_what_is_real():
    batch = AudioTransform().collate([np.ones(3, np.float32), None, np.ones(5, np.float32)])
    assert batch.mask.sum(1).tolist() == [3, 0, 5] and batch.values.sum(1).tolist() == [3, 0, 5]
    assert not AudioTransform().collate([None]).mask.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sample_rate": 0}, "sample_rate must be positive, got 0"),
        ({"max_seconds": -1.0}, r"max_seconds must be positive, got -1\.0"),
        ({"speed": 1.0}, r"speed must be in \[0, 1\), got 1\.0"),
    ],
)
def test_impossible_settings_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"AudioTransform: {message}"):
        AudioTransform(**arguments)
