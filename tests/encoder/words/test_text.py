from __future__ import annotations

import pytest
import torch

from mmexp.contract import Padded
from mmexp.encoder.text.embedding import EmbeddingEncoder
from mmexp.encoder.text.lstm import LSTMEncoder
from mmexp.encoder.text.transformer import TransformerEncoder
from mmexp.encoder.words.text import WordsEncoder


@pytest.fixture(params=[EmbeddingEncoder, LSTMEncoder, TransformerEncoder])
def encoder(request, tokenizer) -> WordsEncoder:
    text = request.param(dim=8, vocab_size=14, tokenizer=tokenizer, max_length=6)
    return WordsEncoder(text=text).eval()


def test_there_is_a_token_for_each_word_and_as_many_as_the_encoder_reads(encoder):
    rows = [["a", "red", "ball", "."], None, ["two"] * 9]
    batch = encoder.transform.collate([None if row is None else encoder.transform.prepare(row) for row in rows])
    tokens = encoder(batch)
    assert tokens.mask.sum(1).tolist() == [4, 0, 6] and tokens.features.shape == (3, 6, 8)


def test_the_tokens_are_those_of_the_text_encoder(encoder):
    ids = Padded(torch.tensor([[4, 5, 6]]), torch.ones(1, 3, dtype=torch.bool))
    assert torch.equal(encoder(ids).features, encoder.text(ids).features)


def test_a_word_knows_those_behind_it_unless_the_encoder_has_no_context(encoder):
    before, after = (
        encoder(Padded(torch.tensor([[4, 5, last]]), torch.ones(1, 3, dtype=torch.bool))) for last in (6, 7)
    )
    knows = not torch.equal(before.features[:, 0], after.features[:, 0])
    assert knows is not isinstance(encoder.text, EmbeddingEncoder)
