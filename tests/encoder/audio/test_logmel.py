from __future__ import annotations

import numpy as np
import pytest
import torch

from mmexp.contract import Padded
from mmexp.encoder.audio.logmel import LogMel, mel_filters, normalise, stretch

RATE = 4000


def spectrogram(num_mels: int = 16, **settings: float) -> LogMel:
    return LogMel(sample_rate=RATE, num_mels=num_mels, hop=10, **settings).eval()


def padded(*rows: np.ndarray, length: int = 0) -> Padded:
    length = length or max(map(len, rows))
    values = np.stack([np.pad(row, (0, length - len(row))) for row in rows])
    mask = np.arange(length) < np.array([len(row) for row in rows])[:, None]
    return Padded(torch.tensor(values, dtype=torch.float32), torch.tensor(mask))


def reference(samples: np.ndarray, num_mels: int, level: str) -> np.ndarray:
    """The same by the textbook: a sum per frame and frequency, a triangle per band, all in double precision."""
    hop, length, size = 40, 100, 128
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    wave = np.exp(-2j * np.pi * np.outer(np.arange(size // 2 + 1), np.arange(length)) / size)
    hertz = np.arange(size // 2 + 1) * RATE / size
    edges = 700 * (np.power(10, np.linspace(0, 2595 * np.log10(1 + RATE / 1400), num_mels + 2) / 2595) - 1)
    around = np.pad(0.1 * samples / np.sqrt(np.mean(samples**2)), length)
    frames = []
    for centre in range(0, len(samples), hop):
        piece = around[centre + length // 2 : centre + length // 2 + length] * window
        power = np.abs(wave @ piece) ** 2
        bands = [power @ np.interp(hertz, edges[m : m + 3], [0, 1, 0], 0, 0) for m in range(num_mels)]
        frames.append(np.log(np.array(bands) + 1e-5))
    mel = np.array(frames)
    axis = 0 if level == "band" else None
    return (mel - mel.mean(axis)) / (mel.std(axis) + 0.1)


@pytest.mark.parametrize("level", ["clip", "band"])
@pytest.mark.parametrize("length", [1, 39, 40, 41, 777])
def test_it_agrees_with_a_plain_fourier_sum(length, level):
    samples = np.random.default_rng(length).standard_normal(length)
    mel = spectrogram(level=level)(padded(samples))
    expected = reference(samples, 16, level)
    assert mel.features.shape[1] == len(expected) == -(-length // 40) and mel.mask.all()
    np.testing.assert_allclose(mel.features[0].numpy(), expected, atol=2e-3)


def test_padding_changes_nothing():
    first, second = (np.random.default_rng(n).standard_normal(n) for n in (401, 900))
    both = spectrogram()(padded(first, second, length=1500))
    for row, samples in enumerate((first, second)):
        alone = spectrogram()(padded(samples))
        torch.testing.assert_close(both.features[row][both.mask[row]], alone.features[0], rtol=1e-4, atol=1e-4)
    assert not both.features[~both.mask].any()


def test_filters_are_triangles_that_touch_the_next_ones_peak():
    filters = mel_filters(16000, 2048, 20).double().numpy()
    hertz = np.linspace(0, 8000, 1025)
    peaks = hertz[filters.argmax(0)]
    mel = 2595 * np.log10(1 + peaks / 700)
    np.testing.assert_allclose(np.diff(mel), 2595 * np.log10(1 + 8000 / 700) / 21, rtol=0.1)
    between = (hertz > peaks[0]) & (hertz < peaks[-1])
    np.testing.assert_allclose(filters[between].sum(1), 1, atol=0.02)


@pytest.mark.parametrize("frequency", [300, 700, 1500])
def test_a_tone_is_loudest_in_the_band_around_it(frequency):
    samples = np.sin(2 * np.pi * frequency * np.arange(2000) / RATE)
    band = int(spectrogram().measure(torch.tensor(samples[None], dtype=torch.float32))[0, 25].argmax())
    edges = 700 * (10 ** (np.linspace(0, np.log10(1 + RATE / 1400), 18)) - 1)
    assert edges[band] < frequency < edges[band + 2]


def test_each_band_of_a_clip_has_zero_mean_and_almost_unit_deviation_over_its_real_frames():
    given, mask = torch.randn(3, 9, 5) * 7 + 3, torch.arange(9) < torch.tensor([[9], [4], [0]])
    mel = normalise(given, mask, "band")
    for row, raw, real in zip(mel[:2], given, mask, strict=False):
        spread = raw[real].std(0, correction=0)
        torch.testing.assert_close(row[real].std(0, correction=0), spread / (spread + 0.1))
        assert row[real].mean(0).abs().max() < 1e-5
    assert not mel[~mask].any()


def test_silence_and_nothing_stay_finite():
    mel = spectrogram()(padded(np.zeros(400), np.zeros(0)))
    assert mel.features.isfinite().all() and mel.features.abs().max() < 0.1 and not mel.mask[1].any()


def test_autocast_does_not_lower_its_precision():
    inputs = padded(np.random.default_rng(0).standard_normal(800))
    with torch.autocast("cpu", torch.bfloat16):
        low = spectrogram()(inputs).features
    assert torch.equal(low, spectrogram()(inputs).features)


def test_training_hides_one_block_of_bands_and_one_of_frames():
    mel, inputs = (
        spectrogram(mask_bands=4, mask_frames=0.3),
        padded(*np.random.default_rng(0).standard_normal((50, 2000))),
    )
    whole, hidden = mel(inputs).features, mel.train()(inputs).features
    gone = (hidden == 0) & (whole != 0)
    bands, frames = gone.all(1).sum(1), gone.all(2).sum(1)
    assert torch.equal(hidden[~gone], whole[~gone])
    assert 0 < bands.max() <= 5 and 0 < frames.max() <= 16
    assert len(bands.unique()) > 1 and len(frames.unique()) > 1
    assert all(int(row.diff().ne(0).sum()) <= 2 for row in gone.all(1).int())


@pytest.mark.parametrize("largest", [0.0, 0.2])
def test_a_stretch_moves_a_peak_by_at_most_its_share(largest):
    power = torch.exp(-((torch.arange(200) - 100) / 4.0).square()).expand(60, 3, 200)
    moved = stretch(power, largest)
    peaks = moved[:, 0].argmax(-1) / 100
    assert torch.equal(moved[:, 0], moved[:, 2])
    if largest:
        assert 0.82 < peaks.min() < 0.87 and 1.15 < peaks.max() < 1.21
    else:
        torch.testing.assert_close(moved, power)


def test_warping_acts_in_training_only():
    mel, inputs = spectrogram(warp=0.2), padded(*np.random.default_rng(0).standard_normal((3, 800)))
    assert torch.equal(mel(inputs).features, spectrogram()(inputs).features)
    assert not torch.equal(mel.train()(inputs).features, mel(inputs).features)


def test_it_is_not_part_of_a_checkpoint():
    assert not spectrogram().state_dict()


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="level must be clip or band, got 'frame'"):
        spectrogram(level="frame")
