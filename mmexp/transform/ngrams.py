"""Runs of tokens of a text, counted."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache, reduce
from itertools import chain
from operator import or_

from mmexp.transform.tokenization import Tokenize, splitter

NGRAM_ORDER = 4
NGram = tuple[str, ...]


@lru_cache(maxsize=8192)
def ngrams(text: str, tokenize: Tokenize) -> Counter[NGram]:
    """How often each run of 1 to 4 tokens occurs; shared, so do not change it."""
    row = splitter(tokenize)(text)
    return Counter(
        chain.from_iterable(zip(*(row[i:] for i in range(n)), strict=False) for n in range(1, NGRAM_ORDER + 1))
    )


@lru_cache(maxsize=2048)
def union(texts: tuple[str, ...], tokenize: Tokenize) -> Counter[NGram]:
    """How often each n-gram occurs in the text that has the most of it; shared, so do not change it."""
    return reduce(or_, (ngrams(text, tokenize) for text in texts))


def by_order(counts: Counter[NGram]) -> list[int]:
    """Return the number of n-grams of each order, from 1 to 4."""
    totals = [0] * NGRAM_ORDER
    for gram, count in counts.items():
        totals[len(gram) - 1] += count
    return totals


def closest_length(length: int, others: list[int]) -> int:
    """Return the length of the reference that is closest to that of a text; of two equally close, the shorter."""
    return min((abs(other - length), other) for other in others)[1]
