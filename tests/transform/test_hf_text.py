from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from mmexp.transform.hf_text import HfTextTransform


@pytest.fixture
def transform(tiny_bert: str) -> HfTextTransform:
    return HfTextTransform(folder=tiny_bert, max_length=6)


@pytest.mark.parametrize("text", ["a red thing", "", "Things RED", "\u0928\u092e \U0001f600", "a " * 20, "\ud800 red"])
def test_ids_are_those_of_its_own_tokenizer(transform: HfTextTransform, tiny_bert: str, text: str):
    theirs = AutoTokenizer.from_pretrained(tiny_bert)(text.replace("\ud800", "?"), truncation=True, max_length=6)
    assert transform.prepare(text)[0].tolist() == theirs["input_ids"]


def test_a_long_text_is_counted_whole(transform: HfTextTransform):
    assert transform.length("a " * 20) == 22 and len(transform.prepare("a " * 20)[0]) == 6
    assert transform.length(["a", "a b c"]) == 5 and transform.length([]) == 0


def test_one_of_several_texts_is_read_and_the_first_where_nothing_varies(transform: HfTextTransform):
    texts = ["a", "red thing", "blue"]
    prepared = transform.prepare(texts)
    drawn = {tuple(transform.augment(prepared, np.random.default_rng(i))[0].tolist()) for i in range(20)}
    assert drawn == {tuple(transform.prepare(text)[0].tolist()) for text in texts}
    assert transform.variants(texts) == texts and transform.variants("a") == ["a"] and not transform.is_random
    assert transform.collate([prepared]).values.tolist() == [prepared[0].tolist()]


def test_of_a_dialogue_the_oldest_pieces_are_cut(transform: HfTextTransform):
    turns = ("a red thing", "blue")
    (ids,) = transform.prepare(turns)
    words = transform.tokenizer.convert_ids_to_tokens(ids.tolist())
    assert words == ["[CLS]", "red", "thing", "[SEP]", "blue", "[SEP]"] and transform.length(turns) == 7


def test_a_missing_text_is_all_padding(transform: HfTextTransform):
    padded = transform.collate([None, transform.prepare("a red")])
    assert padded.mask.tolist() == [[False] * 4, [True] * 4] and padded.values.dtype == torch.long


@pytest.mark.parametrize("text", ["", "a zebra", "a b c red green blue", "\ud800"])
def test_the_ids_of_a_text_itself_are_marked_also_those_of_unknown_words(transform: HfTextTransform, text: str):
    ids, inner = transform.prepare(text)[0], transform.inner(text)
    assert len(inner) == len(ids) and inner.tolist() == [False, *[True] * (len(ids) - 2), False]


def test_it_goes_to_a_worker_as_a_path(transform: HfTextTransform):
    transform.prepare("a")
    assert len(pickle.dumps(transform)) < 500
    assert torch.equal(pickle.loads(pickle.dumps(transform)).prepare("red")[0], transform.prepare("red")[0])


def test_what_ids_depend_on_is_the_content_of_its_files_not_their_place(tiny_bert: str, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_bert, tmp_path / "copy"))
    one, other = (HfTextTransform(folder=str(folder), max_length=6) for folder in (tiny_bert, copy))
    assert one.describe() == other.describe() != HfTextTransform(folder=tiny_bert, max_length=7).describe()
    (copy / "tokenizer.json").write_text((copy / "tokenizer.json").read_text().replace("blue", "grey"))
    assert one.describe() != other.describe()
