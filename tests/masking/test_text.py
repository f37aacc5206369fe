from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.masking.text import TextMasking
from mmexp.transform.text import TextTransform, Tokenizer


@pytest.fixture
def masking(tokenizer: str) -> TextMasking:
    made = TextMasking(dim=8, ratio=0.4)
    made.prepare(TextTransform(tokenizer=tokenizer))
    return made.eval()


def texts(*lengths: int, longest: int = 0) -> Padded:
    """Texts of so many words between begin and end, none for -1."""
    ids = torch.zeros(len(lengths), longest or max(lengths) + 2, dtype=torch.long)
    for row, length in zip(ids, lengths, strict=True):
        if length >= 0:
            row[: length + 2] = torch.tensor([Tokenizer.bos, *range(4, 4 + length), Tokenizer.eos])
    return Padded(ids, ids > 0)


def test_only_words_are_masked_and_at_least_one_where_there_is_any(masking):
    own = texts(8, 1, 0, -1)
    masked = masking.choose(own, ["a", "b", "c", "d"])
    assert masked.sum(1).tolist() == [3, 1, 0, 0]
    shown = masking.cover(own, masked).values
    assert ((shown == Tokenizer.unk) == masked).all() and torch.equal(shown[~masked], own.values[~masked])


def test_what_is_masked_does_not_depend_on_the_padding(masking):
    long, short = masking.choose(texts(5, 3), ["a", "b"]), masking.choose(texts(5, 3, longest=12), ["a", "b"])
    assert torch.equal(long, short[:, :7]) and not short[:, 7:].any()


def test_a_word_is_classified_from_the_token_at_its_place(masking):
    own = texts(4, 2)
    masked = masking.choose(own, ["a", "b"])
    tokens = Tokens(torch.randn(2, 6, 8), own.mask)
    predicted = masking.predict(tokens, own, masked)
    targets = own.values[masked]
    expected = [F.cross_entropy(row, target) for row, target in zip(predicted, targets, strict=True)]
    torch.testing.assert_close(masking.errors(predicted, own, masked), torch.stack(expected))
    right = F.one_hot(targets, len(masking.vocabulary)).float()
    assert masking.hits(right, own, masked).all() and not masking.hits(-right, own, masked).any()
    words = masking.shown(right, own, masked)
    assert [len(row) for row in words] == masked.sum(1).tolist()
    assert all(word == answer == masking.vocabulary[targets[0]] for word, answer in words[0][:1])
