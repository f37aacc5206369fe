from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from mmexp.error import ConfigError
from mmexp.transform.hf_tokenizer import HfTokenizer
from mmexp.transform.text import TextTransform

TEXTS = ["a red re", "नमस्ते 😀 日本語 żółć", "Ein  Satz,\nund noch einer!", "say <|endoftext|> aloud", "##s"]


@pytest.mark.parametrize("text", TEXTS)
def test_text_of_any_script_comes_back_as_it_was(tiny_gpt2: str, text: str):
    tokenizer = HfTokenizer(tiny_gpt2)
    ids = tokenizer.encode(text)
    assert tokenizer.decode([*ids, tokenizer.eos, tokenizer.pad]) == text
    assert tokenizer.eos not in ids and tokenizer.encode_batch([text]) == [ids]


def test_ids_are_those_of_transformers(tiny_gpt2: str):
    theirs = AutoTokenizer.from_pretrained(tiny_gpt2)("a red re")["input_ids"]
    tokenizer = HfTokenizer(tiny_gpt2)
    assert tokenizer.encode("a red re") == theirs
    text = TextTransform(tokenizer=tokenizer, max_length=10)
    assert text.prepare("a red re")[0].tolist() == [tokenizer.bos, *theirs, tokenizer.eos]


def test_a_tokenizer_without_padding_and_begin_begins_with_its_end(tiny_gpt2: str):
    tokenizer = HfTokenizer(tiny_gpt2)
    assert tokenizer.bos == tokenizer.eos == tokenizer.unk == 260 and tokenizer.special == (260,)
    assert tokenizer.pad == -1 and tokenizer.unnamed(263) == [261, 262]


def test_a_tokenizer_with_its_own_marks_keeps_them(tiny_gpt2: str, tmp_path: Path):
    own = AutoTokenizer.from_pretrained(tiny_gpt2)
    own.add_special_tokens({"bos_token": "<s>", "pad_token": "<pad>", "unk_token": "<unk>"})
    own.save_pretrained(tmp_path)
    tokenizer = HfTokenizer(str(tmp_path))
    assert len({tokenizer.bos, tokenizer.eos, tokenizer.unk}) == 3 and len(tokenizer.special) == 4
    with pytest.raises(ConfigError, match=r"must have a vector for each id of .*, got 261 and the id 26"):
        tokenizer.unnamed(261)


def test_a_tokenizer_without_an_end_is_refused(tiny_bert: str):
    with pytest.raises(ConfigError, match=r"must have an id that ends a text \(eos_token\), got none"):
        HfTokenizer(tiny_bert)


def test_files_that_are_none_are_refused(tiny_gpt2: str, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_gpt2, tmp_path / "copy"))
    for path in copy.glob("tokenizer*"):
        path.write_text(json.dumps({}))
    with pytest.raises(ConfigError, match=f"decoder: tokenizer in {copy} must be one "):
        HfTokenizer(str(copy))


def test_it_goes_to_a_worker_as_a_path(tiny_gpt2: str):
    tokenizer = HfTokenizer(tiny_gpt2)
    tokenizer.encode("a")
    assert len(pickle.dumps(tokenizer)) < 300
    assert pickle.loads(pickle.dumps(tokenizer)).encode("a red") == tokenizer.encode("a red")
