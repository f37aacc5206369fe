from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from mmexp.error import DataError
from mmexp.transform.text import SPECIALS, TextTransform, Tokenizer

TEXTS = ["A red ball, left of the box!", "the box"]


@pytest.fixture(params=["word", "bpe"])
def trained(request, tmp_path) -> Tokenizer:
    return Tokenizer.train(TEXTS, tmp_path / "tokenizer.json", model=request.param)


def test_special_ids_come_first(trained):
    assert trained.words()[:4] == list(SPECIALS)
    assert (trained.pad, trained.bos, trained.eos, trained.unk) == (0, 1, 2, 3)
    assert trained.vocab_size == len(trained.words())


def test_a_text_comes_back_from_its_ids(trained):
    ids = [trained.bos, *trained.encode("The red  BOX"), trained.eos, trained.pad]
    assert trained.decode(ids).split() == ["the", "red", "box"] and not trained.decode(ids).startswith(" ")


def test_a_batch_of_texts_gives_what_each_gives(trained):
    texts = ["red box", "", "of unheard-of things \ud800"]
    assert trained.encode_batch(texts) == [trained.encode(text) for text in texts]


def test_a_text_that_names_a_special_token_holds_none(trained):
    assert not {0, 1, 2} & set(trained.encode("the <eos> box <pad> <bos>"))


def test_it_survives_the_way_to_a_worker(trained):
    trained.encode("box")
    assert pickle.loads(pickle.dumps(trained)).encode("red box") == trained.encode("red box")


def test_unknown_words_are_marked_and_unknown_bytes_are_spelt(tmp_path):
    words = Tokenizer.train(TEXTS, tmp_path / "word.json")
    assert words.encode("red zebra") == [*words.encode("red"), words.unk]
    pieces = Tokenizer.train(TEXTS, tmp_path / "bpe.json", model="bpe")
    assert pieces.decode(pieces.encode("zebra 日本 🙂")) == "zebra 日本 🙂"


def test_rare_words_and_those_beyond_the_size_are_left_out(tmp_path):
    often = Tokenizer.train(TEXTS, tmp_path / "a.json", min_frequency=2)
    assert set(often.words()[4:]) == {"the", "box"}
    assert Tokenizer.train(TEXTS, tmp_path / "b.json", vocab_size=6).vocab_size == 6


def test_training_twice_gives_the_same_file(tmp_path):
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in paths:
        Tokenizer.train(TEXTS, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_an_unknown_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Tokenizer: model must be word or bpe, got 'char'"):
        Tokenizer.train(TEXTS, tmp_path / "a.json", model="char")


def test_ids_stand_between_begin_and_end_and_long_ones_are_cut(tokenizer):
    transform = TextTransform(tokenizer=tokenizer, max_length=5)
    words = transform.tokenizer.encode("a red ball left of the blue box")
    assert transform.prepare("a red ball left of the blue box")[0].tolist() == [1, *words[:3], 2]
    assert transform.prepare("")[0].tolist() == [1, 2]


def test_training_draws_among_several_texts_and_evaluation_takes_the_first(tokenizer):
    transform = TextTransform(tokenizer=tokenizer)
    texts = transform.prepare(["a red ball", "two cats", "the blue box"])
    drawn = [transform.augment(texts, np.random.default_rng(seed))[0] for seed in range(40)]
    assert {tuple(ids.tolist()) for ids in drawn} == {tuple(ids.tolist()) for ids in texts}
    batch = transform.collate([texts, None, transform.prepare("two")])
    assert batch.values[0].tolist() == texts[0].tolist()
    assert batch.mask.tolist() == [[True] * 5, [False] * 5, [True] * 3 + [False] * 2]
    assert batch.values[1].eq(Tokenizer.pad).all()


def test_no_room_for_a_word_is_refused(tokenizer):
    with pytest.raises(ValueError, match="TextTransform: max_length must be at least 3, got 2"):
        TextTransform(tokenizer=tokenizer, max_length=2)


def test_turns_of_a_talk_follow_one_another_and_the_oldest_words_are_cut(tokenizer):
    turns = ("a red ball", "two cats", "the blue box")
    words = [TextTransform(tokenizer=tokenizer).tokenizer.encode(turn) for turn in turns]
    whole = [1, *words[0], 2, *words[1], 2, *words[2], 2]
    for room in range(3, 14):
        (ids,) = TextTransform(tokenizer=tokenizer, max_length=room).prepare(turns)
        assert ids.tolist() == (whole if room >= len(whole) else [1, *whole[len(whole) - room + 1 :]])
    assert TextTransform(tokenizer=tokenizer).prepare(())[0].tolist() == [1]


def test_a_talk_of_one_turn_reads_like_a_text(tokenizer):
    transform = TextTransform(tokenizer=tokenizer)
    assert transform.prepare(("a red ball",))[0].tolist() == transform.prepare("a red ball")[0].tolist()


@pytest.mark.parametrize("text", ["दौड़ता है", "一只狗 iphone手机3只", "หมา วิ่ง", "كَتَبَ الوَلَدُ", "🐶🐶 👍🏽 -3 5%"])
def test_a_text_of_any_script_comes_back_from_its_ids(text, tmp_path):
    for model in ("word", "bpe"):
        tokenizer = Tokenizer.train([text], tmp_path / "t.json", model=model)
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert tokenizer.unk not in tokenizer.encode(text)


@pytest.mark.parametrize("content", ["", "{}", '{"version": "1.0", "model": '])
def test_a_damaged_tokenizer_is_refused_with_its_path(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(DataError, match=f"{path}: tokenizer must be JSON that the tokenizers library reads, got: "):
        Tokenizer(path).encode("a")
