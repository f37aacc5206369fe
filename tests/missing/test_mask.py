from __future__ import annotations

from mmexp.missing.mask import MaskMissing


def test_the_tokens_are_those_that_were_given(make_tokens):
    tokens = {"text": make_tokens(2, 0), "image": make_tokens(0, 0)}
    given = MaskMissing()(tokens)
    assert given == tokens and given is not tokens
