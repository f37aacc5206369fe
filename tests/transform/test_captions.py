from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmexp.transform.captions import CaptionsTransform
from mmexp.transform.text import TextTransform, Tokenizer

TEXTS = ["a red dog", "a cat", "the dog runs on the red grass"]


@pytest.fixture
def text(tmp_path: Path) -> TextTransform:
    return TextTransform(tokenizer=Tokenizer.train(TEXTS, tmp_path / "tokenizer.json").path, max_length=6)


def test_captions_of_a_sample_stand_side_by_side_between_begin_and_end(text):
    transform = CaptionsTransform(text=text)
    batch = transform.collate([transform.prepare(TEXTS[:2]), transform.prepare(TEXTS[2]), None])
    assert batch.ids.values.shape == (3, 2, 6) and batch.texts == [TEXTS[:2], [TEXTS[2]], []]
    assert batch.ids.mask.sum(-1).tolist() == [[5, 4], [6, 0], [0, 0]]
    rows = batch.ids.values.tolist()
    assert rows[0][0] == [Tokenizer.bos, *text.tokenizer.encode(TEXTS[0]), Tokenizer.eos, Tokenizer.pad]
    assert rows[1][0][-1] == Tokenizer.eos and rows[2] == [[Tokenizer.pad] * 6] * 2


def test_training_draws_some_captions_without_repeating_any(text):
    transform = CaptionsTransform(text=text, per_sample=2)
    prepared = transform.prepare(TEXTS)
    draws = [[t for t, _ in transform.augment(prepared, np.random.default_rng(seed))] for seed in range(20)]
    assert all(len(set(draw)) == 2 for draw in draws) and {t for draw in draws for t in draw} == set(TEXTS)
    assert draws[0] == [t for t, _ in transform.augment(prepared, np.random.default_rng(0))]
    assert transform.augment(prepared[:2], np.random.default_rng(0)) == prepared[:2]


def test_a_batch_without_captions_is_all_padding(text):
    transform = CaptionsTransform(text=text)
    batch = transform.collate([None, transform.prepare([])])
    assert not batch.ids.mask.any() and batch.ids.values.tolist() == [[[Tokenizer.pad] * 2]] * 2
