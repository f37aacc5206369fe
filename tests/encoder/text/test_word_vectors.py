from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mmexp.encoder.text.embedding import EmbeddingEncoder
from mmexp.encoder.text.gru import GRUEncoder
from mmexp.encoder.text.word_vectors import fitted, read_vectors, start_from
from mmexp.error import ConfigError
from mmexp.transform.text import Tokenizer

GLOVE = "the 0.1 -0.2 0.3\nred 1 2 3\n. . . 7 7 7\nred 9 9 9\ncats 4e-1 5 6 \n"


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str | bytes) -> str:
        path = tmp_path / "vectors.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


@pytest.mark.parametrize("header", ["", "5 3\n"])
def test_words_are_read_as_glove_and_word2vec_write_them_the_first_of_two_counts(write, header):
    found = read_vectors(write(header + GLOVE), {"red", "cats", "zebra", ". . ."})
    assert {word: vector.tolist() for word, vector in found.items()} == {
        "red": [1, 2, 3],
        ". . .": [7, 7, 7],
        "cats": pytest.approx([0.4, 5, 6]),
    }


def test_words_start_from_their_vectors_and_others_at_random(write, tokenizer):
    path = write(GLOVE)
    encoder = EmbeddingEncoder(dim=3, vocab_size=14, tokenizer=tokenizer, vectors=path)
    words, weight = Tokenizer(tokenizer).words(), encoder.embedding.weight
    assert weight[words.index("red")].tolist() == [1, 2, 3]
    others = [place for place, word in enumerate(words) if word not in ("the", "red", "cats")]
    assert len(others) == 11 and 0 < weight[others].abs().max() < 0.1
    assert encoder.notes == (f"3 of 10 words start from the vectors of {path}, the others at random.",)
    assert weight.requires_grad and EmbeddingEncoder(dim=3, vocab_size=14, tokenizer=tokenizer).notes == ()


def test_a_recurrent_encoder_starts_from_them_too(write, tokenizer):
    encoder = GRUEncoder(dim=4, vocab_size=14, tokenizer=tokenizer, vectors=write(GLOVE))
    found = encoder.embedding.weight[[Tokenizer(tokenizer).words().index(word) for word in ("red", "cats")]]
    torch.testing.assert_close(found @ found.T, torch.tensor([[14.0, 28.4], [28.4, 61.16]]))


@pytest.mark.parametrize(
    ("model", "text", "word"), [("word", "don't stop", "t"), ("bpe", "caf\u00e9 caf\u00e9 caf\u00e9", "caf\u00e9")]
)
def test_a_word_is_looked_up_as_the_tokenizer_spells_it(write, tmp_path, model, text, word):
    tokenizer = Tokenizer.train([text], tmp_path / "words.json", model=model)
    embedding = nn.Embedding(tokenizer.vocab_size, 2)
    start_from(write(f"{word} 3 4\n"), embedding, tokenizer)
    spelt = [tokenizer.decode([place]) for place, row in enumerate(embedding.weight) if row.tolist() == [3, 4]]
    assert spelt and set(spelt) == {word}


def test_wider_vectors_keep_what_a_truncated_svd_keeps():
    vectors = torch.randn(20, 7)
    u, s, _ = np.linalg.svd(vectors.numpy(), full_matrices=False)
    best = (u[:, :4] * s[:4]) @ (u[:, :4] * s[:4]).T
    kept = fitted(vectors, 4)
    assert kept.shape == (20, 4)
    np.testing.assert_allclose((kept @ kept.T).numpy(), best, atol=1e-4)


@pytest.mark.parametrize(("count", "width"), [(20, 3), (2, 3), (2, 9)])
def test_narrower_vectors_and_few_words_lose_nothing(count, width):
    vectors = torch.randn(count, width)
    kept = fitted(vectors, 5)
    assert kept.shape == (count, 5)
    torch.testing.assert_close(kept @ kept.T, vectors @ vectors.T, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a 1 2\nred 1\n", r"must have a word and 2 numbers in each line, got 1 at .*vectors.txt:2"),
        ("a 1 2\nred 1 2 3\n", r"must have a word and 2 numbers in each line, got 3 at .*vectors.txt:2"),
        ("2 2\na 1 2\nred\n", r"must have a word and 2 numbers in each line, got 0 at .*vectors.txt:3"),
        ("red\n", r"must have a word and some numbers in each line, got 0 at .*vectors.txt:1"),
        ("a 1 2\nred 1 x\n", r"must be numbers, got could not convert string to float: 'x' at .*vectors.txt:2"),
        ("a 1 2\nred 1 nan\n", r"must be finite, got \['1', 'nan'\] at .*vectors.txt:2"),
        (b"a 1 2\n\xff\xfe 1 2\n", r"must be text that can be read, got .*vectors.txt:2 \('utf-8' codec"),
        ("zebra 1 2\n", r"must have some of the 10 words, got none in .*vectors.txt"),
        ("", r"must have some of the 10 words, got none in .*vectors.txt"),
    ],
)
def test_a_file_that_is_broken_is_refused_with_its_line(write, tokenizer, text, rule):
    with pytest.raises(ConfigError, match=f"TextEncoder: vectors {rule}") as caught:
        EmbeddingEncoder(dim=2, vocab_size=14, tokenizer=tokenizer, vectors=write(text))
    assert caught.value.hint.startswith("Set encoder.text.vectors to a text file")


def test_a_file_that_does_not_exist_is_refused(tokenizer):
    with pytest.raises(ConfigError, match=r"vectors must be text that can be read, got nowhere.txt \(.*No such file"):
        EmbeddingEncoder(dim=2, vocab_size=14, tokenizer=tokenizer, vectors="nowhere.txt")
