"""What every text encoder promises beyond any encoder's promises."""

from __future__ import annotations

import pytest
import torch

from mmexp.contract import Padded
from mmexp.encoder.text.base import Cache, TextEncoder
from mmexp.encoder.text.embedding import EmbeddingEncoder
from mmexp.encoder.text.gru import GRUEncoder
from mmexp.encoder.text.lstm import LSTMEncoder
from mmexp.encoder.text.positional import PositionalEncoder
from mmexp.encoder.text.rnn import RNNEncoder
from mmexp.encoder.text.transformer import TransformerEncoder

VOCABULARY = 14
KINDS = [EmbeddingEncoder, GRUEncoder, LSTMEncoder, PositionalEncoder, RNNEncoder, TransformerEncoder]


@pytest.fixture(params=KINDS)
def make(request, tokenizer):
    def make(causal: bool) -> TextEncoder:
        deep = {} if request.param in (EmbeddingEncoder, PositionalEncoder) else {"depth": 2}
        encoder = request.param(
            dim=8, vocab_size=VOCABULARY, tokenizer=tokenizer, causal=causal, max_length=12, **deep
        ).eval()
        torch.nn.init.normal_(encoder.embedding.weight)
        return encoder

    return make


def padded(*rows: list[int], length: int, pad: int = 0) -> Padded:
    mask = torch.tensor([[True] * len(row) + [False] * (length - len(row)) for row in rows])
    return Padded(torch.tensor([row + [pad] * (length - len(row)) for row in rows]), mask)


@pytest.mark.parametrize("causal", [False, True])
def test_padding_changes_no_real_token(make, causal):
    encoder = make(causal)
    short = encoder(padded([1, 5, 2], length=3))
    long = encoder(padded([1, 5, 2], [1, 6, 7, 8, 9, 10, 2], length=9, pad=13))
    torch.testing.assert_close(long.features[0, :3], short.features[0])
    assert long.mask.sum(1).tolist() == [3, 7]


def test_a_causal_encoder_never_looks_ahead(make):
    encoder = make(causal=True)
    ids = torch.randint(4, VOCABULARY, (1, 8))
    for changed in range(1, 8):
        other = ids.clone()
        other[:, changed:] = (other[:, changed:] - 3) % 10 + 4
        both = [encoder(Padded(x, torch.ones_like(x, dtype=torch.bool))).features for x in (ids, other)]
        torch.testing.assert_close(both[0][:, :changed], both[1][:, :changed], rtol=0, atol=1e-6)
        assert not torch.allclose(both[0][:, changed], both[1][:, changed])


@pytest.mark.parametrize("kind", [GRUEncoder, LSTMEncoder, RNNEncoder, TransformerEncoder])
def test_an_encoder_that_is_not_causal_does_look_ahead(kind, tokenizer):
    encoder = kind(dim=8, vocab_size=VOCABULARY, tokenizer=tokenizer).eval()
    first, second = (encoder(padded([1, 5, last], length=3)).features for last in (6, 7))
    assert not torch.allclose(first[:, 0], second[:, 0])


def test_reading_id_by_id_gives_what_forward_gives_also_after_select(make):
    encoder = make(causal=True)
    ids, rows = torch.randint(4, VOCABULARY, (2, 8)), torch.tensor([1, 0, 1])
    cache: Cache | None = None
    features = []
    for place in range(3):
        step, cache = encoder.step(ids[:, place], cache)
        features.append(step)
    whole = encoder(Padded(ids, torch.ones_like(ids, dtype=torch.bool))).features
    torch.testing.assert_close(torch.stack(features, 1), whole[:, :3])

    cache = cache.select(rows)
    branched = ids[rows].clone()
    branched[0, 3:] = 4
    whole = encoder(Padded(branched, torch.ones_like(branched, dtype=torch.bool))).features
    for place in range(3, 8):
        step, cache = encoder.step(branched[:, place], cache)
        torch.testing.assert_close(step, whole[:, place])
    assert cache.length == 8


def test_stepping_leaves_the_cache_it_was_given_alone(make):
    encoder = make(causal=True)
    _, cache = encoder.step(torch.tensor([5, 6]), None)
    once, _ = encoder.step(torch.tensor([7, 8]), cache)
    encoder.step(torch.tensor([9, 9]), cache)
    again, _ = encoder.step(torch.tensor([7, 8]), cache)
    assert torch.equal(once, again) and cache.length == 1


def test_it_declares_a_transform_that_cuts_to_its_length(make):
    encoder = make(causal=True)
    assert encoder.transform.max_length == encoder.max_length == 12
    (ids,) = encoder.transform.prepare("two cats " * 20)
    assert len(ids) == 12 and encoder(encoder.transform.collate([[ids]])).features.shape == (1, 12, 8)
