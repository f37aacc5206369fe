from __future__ import annotations

import torch

from mmexp.transform.hf_words import HfWordsTransform

WORDS = ["a", "things", "\u0928", "\u200b", "red"]


def make(folder: str, words: int = 8, pieces: int = 32) -> HfWordsTransform:
    return HfWordsTransform(folder=folder, max_length=words, max_pieces=pieces)


def test_each_word_is_where_its_first_piece_is_even_one_that_the_tokenizer_drops(tiny_bert: str):
    transform = make(tiny_bert)
    ids, first = transform.prepare(WORDS)
    pieces = transform.text.tokenizer.convert_ids_to_tokens(ids.tolist())
    assert pieces == ["[CLS]", "a", "thing", "##s", "[UNK]", "[UNK]", "red", "[SEP]"]
    assert [pieces[i] for i in first] == ["a", "thing", "[UNK]", "[UNK]", "red"] and transform.length(WORDS) == 5


def test_words_beyond_the_limits_are_cut_whole(tiny_bert: str):
    assert len(make(tiny_bert, words=2).prepare(WORDS)[1]) == 2
    ids, first = make(tiny_bert, pieces=4).prepare(WORDS)
    assert len(ids) == 3 and len(first) == 1  # "things" is of two pieces


def test_a_missing_sentence_and_one_without_words_have_none(tiny_bert: str):
    transform = make(tiny_bert)
    batch = transform.collate([None, transform.prepare([]), transform.prepare(["red", "a"])])
    assert batch.words.sum(1).tolist() == [0, 0, 2] and batch.mask.sum(1).tolist() == [0, 2, 4]
    assert torch.equal(batch.first[2], torch.tensor([1, 2]))


def test_what_it_does_depends_on_both_limits(tiny_bert: str):
    assert make(tiny_bert).describe() == make(tiny_bert).describe()
    assert len({str(make(tiny_bert, *limits).describe()) for limits in ((8, 32), (7, 32), (8, 31))}) == 3
