from __future__ import annotations

import pytest

from mmexp.transform.text import Tokenizer
from mmexp.transform.words import WordsTransform


def test_each_word_is_one_id_and_unknown_ones_too(tokenizer):
    ids = WordsTransform(tokenizer=tokenizer).prepare(["Two", "cats", ".", "left-of", "zebra"])
    words = Tokenizer(tokenizer).words()
    assert [words[i] for i in ids.tolist()] == ["two", "cats", "<unk>", "left", "<unk>"]


def test_pieces_of_a_word_give_way_to_the_first(tmp_path):
    path = Tokenizer.train(["a red ball"] * 3, tmp_path / "t.json", model="bpe", vocab_size=300).path
    ids = WordsTransform(tokenizer=path).prepare(["zebra", "a"])
    assert ids.shape == (2,) and ids[0] == Tokenizer(path).encode("zebra")[0] != ids[1]


def test_a_long_text_is_cut_and_a_missing_one_is_padding(tokenizer):
    transform = WordsTransform(tokenizer=tokenizer, max_length=2)
    batch = transform.collate([transform.prepare(["a", "red", "ball"]), None, transform.prepare(["a"])])
    assert batch.values.shape == (3, 2) and batch.mask.tolist() == [[True, True], [False, False], [True, False]]
    assert batch.values[1].eq(Tokenizer.pad).all()


def test_no_words_are_no_tokens(tokenizer):
    assert WordsTransform(tokenizer=tokenizer).prepare([]).shape == (0,)


def test_a_length_under_one_is_refused(tokenizer):
    with pytest.raises(ValueError, match="max_length must be at least 1, got 0"):
        WordsTransform(tokenizer=tokenizer, max_length=0)
