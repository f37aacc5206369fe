from __future__ import annotations

import zlib

import numpy as np
import pytest
import torch
from scipy.signal import istft, stft

from mmexp.contract import Padded, Tokens
from mmexp.head.speech.vocoder import TAIL, Vocoder

RATE, HOP = 4000, 40
SIZE = 4 * HOP


def make(**options: object) -> Vocoder:
    return Vocoder(**{"sample_rate": RATE, "num_mels": 24, "hop": 10, **options})


def melody(seconds: float = 0.4) -> np.ndarray:
    """A gliding tone, then another, over a little noise."""
    time = np.arange(round(seconds * RATE)) / RATE
    tone = np.sin(2 * np.pi * (300 * time + 400 * time**2)) + 0.5 * np.sin(2 * np.pi * 1100 * time) * (time > 0.2)
    return 0.3 * tone + 0.01 * np.random.default_rng(0).standard_normal(len(time))


def padded(*rows: np.ndarray, length: int = 0) -> Padded:
    length = length or max(map(len, rows))
    values = np.stack([np.pad(row, (0, length - len(row))) for row in rows])
    mask = np.arange(length) < np.array([len(row) for row in rows])[:, None]
    return Padded(torch.tensor(values, dtype=torch.float32), torch.tensor(mask))


def transform(samples: np.ndarray) -> np.ndarray:
    """Amplitudes of tones, [K, 1 + L / hop], by scipy."""
    options = {"window": "hann", "nperseg": SIZE, "noverlap": SIZE - HOP, "boundary": "zeros", "padded": False}
    return 2 * stft(samples, **options)[2]


def back(spectrum: np.ndarray) -> np.ndarray:
    return istft(spectrum / 2, window="hann", nperseg=SIZE, noverlap=SIZE - HOP)[1]


def convergence(samples: np.ndarray, wanted: np.ndarray) -> float:
    """How far the magnitudes of a sound are from those wanted, relative to these."""
    frames = wanted.shape[1]
    return float(np.linalg.norm(np.abs(transform(samples))[:, :frames] - wanted) / np.linalg.norm(wanted))


def test_its_transform_and_the_way_back_are_those_of_scipy():
    samples = melody()
    spectrum = make().spectrum(torch.tensor(samples)[None].float())
    np.testing.assert_allclose(spectrum[0].numpy(), transform(samples), atol=1e-5)
    np.testing.assert_allclose(make().audio(spectrum)[0].numpy(), samples, atol=1e-5)


@pytest.mark.parametrize("length", [1, 39, 40, 41, 1600])
def test_levels_are_decades_of_amplitude_above_40_dB_below_full(length):
    samples = melody()[:length]
    levels = make().analyse(padded(samples))
    hertz = np.arange(SIZE // 2 + 1) * RATE / SIZE
    edges = 700 * (np.power(10, np.linspace(0, 2595 * np.log10(1 + RATE / 1400), 26) / 2595) - 1)
    bands = np.stack([np.interp(hertz, edges[m : m + 3], [0, 1, 0], 0, 0) for m in range(24)], 1)
    around = np.pad(samples, SIZE)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SIZE) / SIZE)
    pieces = [around[c + SIZE // 2 : c + SIZE // 2 + SIZE] * window for c in range(0, length, HOP)]
    loud = np.abs(np.fft.rfft(pieces)) * 2 / window.sum() @ bands
    assert levels.features.shape[1] == -(-length // HOP) and levels.mask.all()
    np.testing.assert_allclose(levels.features[0].numpy(), np.log10(np.maximum(loud, 1e-4)) + 2, atol=2e-3)


def test_magnitudes_are_those_of_least_squares_but_not_negative():
    vocoder, levels = make(), make().analyse(padded(melody())).features
    loud = 10 ** (levels[0].double().numpy() - 2)
    expected = np.linalg.lstsq(vocoder.filters.double().numpy().T, loud.T, rcond=1e-6)[0].clip(min=0)
    np.testing.assert_allclose(vocoder.magnitudes(levels)[0].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_search_is_that_of_the_textbook(momentum):
    samples = melody(0.2)
    frames = len(samples) // HOP
    wanted = np.abs(transform(samples))[:, :frames]
    generator = torch.Generator().manual_seed(zlib.crc32(b"a"))
    angles = torch.rand(frames, len(wanted), generator=generator).double().numpy().T * 2 * np.pi
    tail = np.zeros((len(wanted), TAIL))
    spectrum = last = np.concatenate([wanted * np.exp(1j * angles), tail], 1)
    for _ in range(4):
        sound = back(spectrum)
        sound[len(samples) :] = 0
        true = transform(sound)
        ahead = true + momentum * (true - last)
        known = wanted * np.exp(1j * np.angle(ahead[:, :frames]))
        spectrum, last = np.concatenate([known, ahead[:, frames:]], 1), true
    vocoder = make(iterations=4, momentum=momentum)
    mask = torch.ones(1, frames, dtype=torch.bool)
    found = vocoder.search(torch.tensor(wanted)[None].float(), mask, ["a"])
    np.testing.assert_allclose(found[0].numpy(), back(spectrum)[: len(samples)].clip(-1, 1), atol=1e-4)


def test_the_magnitudes_of_a_known_sound_are_met():
    samples = melody()
    wanted = np.abs(transform(samples))[:, : len(samples) // HOP]
    mask = torch.ones(1, wanted.shape[1], dtype=torch.bool)
    given = torch.tensor(wanted)[None].float()
    errors = [
        convergence(make(iterations=n, momentum=m).search(given, mask, ["a"])[0].numpy(), wanted)
        for n, m in ((0, 0.99), (8, 0.0), (8, 0.99), (64, 0.99))
    ]
    assert errors == sorted(errors, reverse=True) and errors[0] > 0.4 and errors[-1] < 0.06


def test_what_is_made_from_levels_has_those_levels():
    levels, apart = make().analyse(padded(melody())), []
    for vocoder in (make(iterations=0), make(iterations=32)):
        again = vocoder.analyse(Padded(vocoder.synthesise(levels, ["a"]), levels.mask.repeat_interleave(HOP, 1)))
        apart.append(20 * float((again.features - levels.features).abs().mean()))  # dB
    assert apart[1] < 3 and apart[1] < apart[0] / 2


def test_neither_padding_nor_other_rows_change_a_sound():
    vocoder = make()
    levels = vocoder.analyse(padded(melody(0.2), melody(0.35), length=3000))
    together = vocoder.synthesise(levels, ["a", "b"])
    for row, name in enumerate("ab"):
        frames = int(levels.mask[row].sum())
        alone = Tokens(levels.features[row : row + 1, :frames], levels.mask[row : row + 1, :frames])
        torch.testing.assert_close(
            vocoder.synthesise(alone, [name])[0], together[row, : frames * HOP], atol=1e-4, rtol=0
        )
        assert not together[row, frames * HOP :].any()


def test_the_name_of_a_sample_fixes_its_sound():
    vocoder, levels = make(), make().analyse(padded(melody(0.1)))
    first, again, other = (vocoder.synthesise(levels, [name]) for name in ("a", "a", "b"))
    assert torch.equal(first, again) and not torch.allclose(first, other, atol=1e-2)


def test_nothing_and_noise_of_any_level_stay_finite_and_within_full_scale():
    mask = torch.tensor([[False, False], [True, True]])
    for levels in (torch.zeros(2, 2, 24), torch.full((2, 2, 24), -99.0), torch.full((2, 2, 24), 9.0)):
        sound = make().synthesise(Tokens(levels, mask), ["a", "b"])
        assert sound.isfinite().all() and sound.abs().max() <= 1 and not sound[0].any()


def test_a_hop_below_one_sample_is_refused():
    with pytest.raises(ValueError, match=r"hop must be at least one sample, 0\.25 ms, got 0\.1 ms"):
        make(hop=0.1)
