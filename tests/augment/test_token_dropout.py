from __future__ import annotations

import pytest
import torch

from mmexp.augment.token_dropout import TokenDropout
from mmexp.contract import Batch, Padded


@pytest.fixture
def batch() -> Batch:
    ids = torch.tensor([[1, *[7] * 400, 2], [1, *[3] * 100, 2, *[0] * 300]])
    inputs = {"text": Padded(ids, ids > 0), "vector": Padded(torch.zeros(2, 3), torch.ones(2, dtype=torch.bool))}
    return Batch(inputs, {}, ("a", "b"))


def test_words_become_unknown_with_the_probability_and_special_ids_stay(batch):
    found = TokenDropout(probability=0.25)(batch).inputs["text"]
    assert float((found.values[0] == 3).float().mean()) == pytest.approx(0.25, abs=0.05)
    assert found.values[0, 0] == 1 and found.values[0, -1] == 2
    assert torch.equal(found.values[1], batch.inputs["text"].values[1]) and found.mask is batch.inputs["text"].mask


def test_ids_of_another_tokenizer_are_named(batch):
    ids = torch.tensor([[101, *[7000] * 40, 102]])
    given = Batch({"text": Padded(ids, ids > 0)}, {}, ("a",))
    with pytest.raises(ValueError, match=r"specials must hold what a text begins with, got \[0, 1, 2, 3\] without 101"):
        TokenDropout()(given)
    found = TokenDropout(replacement=103, specials=[0, 101, 102])(given).inputs["text"].values
    assert set(found.flatten().tolist()) == {101, 102, 103, 7000}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"probability": 1.0}, r"probability must be in \(0, 1\), got 1\.0"),
        ({"modality": "vector"}, "modality must be a text among the inputs text, vector, got 'vector'"),
        ({"modality": "title"}, "modality must be a text among the inputs text, vector, got 'title'"),
    ],
)
def test_what_is_no_text_is_refused(batch, options, words):
    with pytest.raises(ValueError, match=words):
        TokenDropout(**options)(batch)
