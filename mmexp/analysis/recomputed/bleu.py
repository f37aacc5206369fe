"""BLEU-1 to 4 of captions, replies and answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

import numpy as np

from mmexp.analysis.predictions import references, said
from mmexp.analysis.recompute import Metric, Row, Weights
from mmexp.run.summary import RunRow
from mmexp.transform.ngrams import by_order, closest_length, ngrams, union
from mmexp.transform.tokenization import Tokenize

_NAME = re.compile(r"(greedy_)?bleu([1-4])")


def follow(name: str, rows: Sequence[Row], run: RunRow) -> Metric | None:
    """Return ``bleu1`` to ``bleu4`` of beam search, or those of greedy search.

    Source: Papineni et al. 2002, "BLEU", https://aclanthology.org/P02-1040, section 2.3.
    """
    named = _NAME.fullmatch(name)
    if not named:
        return None
    column = "greedy" if named[1] else said(rows[0])
    order, tokenize = int(named[2]), cast(Tokenize, run.tokenize or "words")
    counts = np.array([_counts(str(row[column]), references(row), tokenize) for row in rows], float)

    def value(weights: Weights) -> np.ndarray:
        hits, found = weights @ counts[:, :order], weights @ counts[:, 4 : 4 + order]  # [B, order]
        length, reference = weights @ counts[:, 8], weights @ counts[:, 9]
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = np.exp(np.log(hits / found).mean(-1))
            brevity = np.where(length > reference, 1.0, np.exp(1 - reference / length))
        return np.where((hits > 0).all(-1), precision * brevity, 0.0)

    return value


def _counts(text: str, true: tuple[str, ...], tokenize: Tokenize) -> list[int]:
    """Count n-grams of each order that are right, all of them, tokens, and those of the closest reference."""
    if not true:
        return [0] * 10
    own = ngrams(text, tokenize)
    found = by_order(own)
    closest = closest_length(found[0], [by_order(ngrams(one, tokenize))[0] for one in true])
    return [*by_order(own & union(true, tokenize)), *found, found[0], closest]
