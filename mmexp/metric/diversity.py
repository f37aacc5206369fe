"""How varied and how long texts are, whatever they should say."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from mmexp.metric.caption import TokenMetric
from mmexp.transform.ngrams import NGRAM_ORDER, NGram
from mmexp.transform.tokenization import Tokenize, splitter


class Distinct(Metric):
    """Share of the n-grams of all texts together that are different ones.

    It falls with the number of texts, so it compares only answers to the same samples.

    Source: Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models",
    https://arxiv.org/abs/1510.03055, section 5 (distinct-1 and distinct-2). Differs: bigrams are counted against all
    bigrams, as is usual since, not against all words.

    Args:
        order: Tokens in an n-gram, 1 to 4.
        tokenize: What a token is: words, characters or blanks.

    Raises:
        ValueError: If order is not 1 to 4, or tokenize is unknown.
    """

    full_state_update = False
    higher_is_better = True
    grams: list[Tensor]

    def __init__(self, *, order: int, tokenize: Tokenize = "words") -> None:
        splitter(tokenize)
        if not 1 <= order <= NGRAM_ORDER:
            raise ValueError(f"Distinct: order must be 1 to {NGRAM_ORDER}, got {order}.")
        super().__init__()
        self.order, self.tokenize = order, tokenize
        self.add_state("grams", [], dist_reduce_fx="cat")

    def update(self, captions: Sequence[str], references: Sequence[Sequence[str]]) -> None:
        """Add one caption per sample; samples without references do not count, as in the other metrics."""
        for caption, _ in ((c, r) for c, r in zip(captions, references, strict=True) if r):
            row = splitter(self.tokenize)(caption)
            found = [_number(tuple(row[i : i + self.order])) for i in range(len(row) - self.order + 1)]
            self.grams.append(torch.tensor(found, dtype=torch.long, device=self.device))

    def compute(self) -> Tensor:
        """Share in (0, 1]; NaN before any n-gram."""
        grams = dim_zero_cat(self.grams).tolist() if len(self.grams) else []
        return torch.tensor(len(set(grams)) / len(grams) if grams else math.nan, device=self.device)


class Length(TokenMetric):
    """Mean number of tokens."""

    higher_is_better = None

    def score(self, caption: str, references: Sequence[str]) -> float:
        return float(len(self.split(caption)))


def _number(gram: NGram) -> int:
    """The same number in every process, and never the same for two n-grams but by a chance of 1 in 2**64."""
    return int.from_bytes(hashlib.blake2b(" ".join(gram).encode(), digest_size=8).digest(), "little", signed=True)
