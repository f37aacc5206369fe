from __future__ import annotations

import pytest
import torch

from mmexp.contract import Padded, Tokens
from mmexp.decoder.fused import FusedDecoder
from mmexp.encoder.text.lstm import LSTMEncoder
from mmexp.transform.text import Tokenizer


def make(tokenizer: str, causal: bool = True, max_length: int = 8) -> FusedDecoder:
    size = Tokenizer(tokenizer).vocab_size
    prefix = LSTMEncoder(dim=4, vocab_size=size, tokenizer=tokenizer, causal=causal, max_length=8)
    return FusedDecoder(prefix=prefix, max_length=max_length)


def test_each_real_word_of_each_text_is_scored_from_what_it_is_fused_with(tokenizer: str):
    decoder = make(tokenizer).eval()
    ids = Padded(torch.randint(4, 9, (2, 3, 5)), torch.arange(5) < torch.tensor([[5, 1, 0], [2, 2, 3]])[..., None])
    seen = []

    def fuse(anchor: Tokens) -> Tokens:
        seen.append(anchor)
        return Tokens(2 * anchor.features, anchor.mask)

    logits = decoder(ids, fuse)
    words = decoder.prefix(Padded(ids.values[1], ids.mask[1])).features[ids.mask[1]]
    torch.testing.assert_close(logits[-7:], decoder.head(2 * words))
    assert seen[0].features.shape == (2, 15, 4) and logits.shape == (13, decoder.vocab_size)


@torch.no_grad()
def test_the_word_after_a_text_is_the_same_with_and_without_a_cache(tokenizer: str):
    decoder, cache = make(tokenizer).eval(), None
    ids = torch.randint(4, 9, (2, 4))

    def fuse(anchor: Tokens) -> Tokens:
        return Tokens(2 * anchor.features, anchor.mask)

    for column in ids.T:
        logits, cache = decoder.step(fuse, 2)(column, cache)
    torch.testing.assert_close(decoder.follow(ids, fuse), logits)


def test_head_and_prefix_share_their_word_vectors(tokenizer: str):
    decoder = make(tokenizer)
    assert sum(p.shape == decoder.prefix.embedding.weight.shape for p in decoder.parameters()) == 1


def test_the_length_is_that_of_the_texts_and_special_ids_but_the_end_are_never_written(tokenizer: str):
    decoder = make(tokenizer, max_length=3)
    assert len(decoder.transform.prepare("a red ball")[0]) == decoder.max_length == 3
    assert decoder.never.isinf().nonzero().flatten().tolist() == [Tokenizer.pad, Tokenizer.bos, Tokenizer.unk]


def test_a_prefix_that_sees_the_future_is_refused(tokenizer: str):
    with pytest.raises(ValueError, match=r"FusedDecoder: prefix\.causal must be true, got false"):
        make(tokenizer, causal=False)


def test_a_text_longer_than_the_prefix_reads_is_refused(tokenizer: str):
    with pytest.raises(ValueError, match="max_length must be at most the 8 of prefix, got 9"):
        make(tokenizer, max_length=9)
