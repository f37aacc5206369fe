from __future__ import annotations

import numpy as np
import pytest

from mmexp.dataset.synthetic.interactions.form import CELL, CODES, COLOURS, FORMS, LENGTH, PITCHES, RATE, TONE, WIDTH
from mmexp.dataset.synthetic.interactions.rule import BLANK, PLACES, SYMBOLS


def show(form: str, modality: int, *symbols: int, loudness: float = 1.0, seed: int = 0):
    return FORMS[form].show(modality, np.array(symbols), loudness, np.random.default_rng(seed))


def nearest(vector: np.ndarray, modality: int) -> int:
    """The symbol whose code is nearest, BLANK if that is zero."""
    codes = [*CODES[modality], np.zeros(WIDTH)]
    best = int(np.argmin([np.linalg.norm(vector - code) for code in codes]))
    return BLANK if best == SYMBOLS else best


@pytest.mark.parametrize("modality", [0, 1, 2])
def test_a_vector_can_be_read_back_symbol_by_symbol(modality):
    for seed in range(200):
        symbols = np.random.default_rng(seed).integers(-1, SYMBOLS, PLACES)
        vector = show("vector", modality, *symbols, seed=seed)
        assert vector.dtype == np.float32
        assert [nearest(part, modality) for part in vector.reshape(PLACES, WIDTH)] == symbols.tolist()


def test_a_single_symbol_stands_anywhere_in_a_sequence_of_noise():
    places = set()
    for seed in range(100):
        read = [nearest(part, 0) for part in show("sequence", 0, 2, seed=seed)]
        assert sorted(read) == [BLANK] * (LENGTH - 1) + [2]
        places.add(read.index(2))
    assert places == set(range(LENGTH))


def test_several_symbols_stand_in_order_in_a_sequence():
    assert [nearest(part, 1) for part in show("sequence", 1, 3, 0, 1, 1)] == [3, 0, 1, 1]


@pytest.mark.parametrize("symbol", range(SYMBOLS))
def test_a_picture_shows_a_square_of_the_symbols_colour(symbol):
    image = show("image", 0, symbol).astype(int)
    near = np.abs(image - COLOURS[symbol]).max(-1) < 60
    assert near.sum() == pytest.approx(CELL**2, rel=0.1)
    assert show("image", 0, BLANK).max() < 100


def test_squares_stand_from_left_to_right():
    image = show("image", 0, 0, 1, 2, 3).astype(int)
    for place, colour in enumerate(COLOURS):
        columns = np.flatnonzero((np.abs(image - colour).max(-1) < 60).sum(0) > CELL // 2)
        assert columns.min() == place * CELL and columns.max() == place * CELL + CELL - 1


def test_tones_have_the_symbols_pitch_in_order():
    audio = show("image", 1, 2, BLANK, 0)
    assert audio.rate == RATE and len(audio.samples) == 3 * TONE
    for part, pitch in zip(audio.samples.reshape(3, TONE), (PITCHES[2], None, PITCHES[0]), strict=True):
        power = np.abs(np.fft.rfft(part)) ** 2
        peak = np.fft.rfftfreq(TONE, 1 / RATE)[power.argmax()]
        assert part.std() < 0.02 if pitch is None else peak == pytest.approx(pitch, abs=20)


def test_words_name_the_symbols():
    assert show("image", 2, 0, 3, BLANK) == "one four none"


def test_a_loud_modality_drowns_a_quiet_one():
    assert show("vector", 0, 1, loudness=4.0) == pytest.approx(4 * show("vector", 0, 1))
    assert show("image", 1, 1, loudness=4.0).samples.std() > 3 * show("image", 1, 1).samples.std()


def test_the_facts_tell_the_shape():
    assert FORMS["vector"].facts(3)["left"] == {"kind": "vector", "width": 3 * WIDTH, "length": None}
    assert FORMS["sequence"].facts(1)["third"] == {"kind": "vector", "width": WIDTH, "length": LENGTH}
    assert FORMS["sequence"].facts(4)["third"]["length"] == 4 and FORMS["image"].facts(1) == {}
