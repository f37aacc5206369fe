"""Measures of a caption against its references.

They count tokens, see ``transform.tokenization``; ``tokenize`` says which:

- ``words``, the default: lower case, no punctuation; symbols and emoji, and the characters of scripts that are written
  without blanks (Chinese, Japanese, Thai ...), are words of their own. COCO's own tokenizer (Java) keeps hyphens and
  splits off "'s"; here both become a gap, as they do in what a model with word tokens reads.
- ``characters``: those of the words, without blanks.
- ``blanks``: what blanks and punctuation set apart, for text that a segmenter has split.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.functional.text import rouge_score
from torchmetrics.text import BLEUScore

from mmexp.transform.ngrams import NGRAM_ORDER, NGram, by_order, closest_length, ngrams, union
from mmexp.transform.tokenization import Tokenize, splitter


class Bleu(BLEUScore):
    """Precision of the n-grams of all captions together, with a penalty for being short.

    torchmetrics' corpus BLEU without smoothing, on our tokens. The shorter of two references that are equally
    close in length counts, as in COCO's evaluation.

    Source: Papineni et al. 2002, "BLEU", https://aclanthology.org/P02-1040, section 2.3.

    Args:
        order: Longest n-gram counted, 1 to 4.
        tokenize: What is counted: words, characters or blanks.

    Raises:
        ValueError: If order is not 1 to 4, or tokenize is unknown.

    Example:
        >>> from mmexp.metric.caption import Bleu
        >>> bleu = Bleu(order=2)
        >>> bleu.update(["a dog runs on grass"], [["A dog runs on the grass.", "The dog is running."]])
        >>> bleu.compute()
        tensor(0.8660)
    """

    full_state_update = False
    samples: Tensor

    def __init__(self, *, order: int, tokenize: Tokenize = "words") -> None:
        splitter(tokenize)
        if not 1 <= order <= NGRAM_ORDER:
            raise ValueError(f"Bleu: order must be 1 to {NGRAM_ORDER}, got {order}.")
        super().__init__(n_gram=order)
        self.tokenize = tokenize
        self.add_state("samples", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, captions: Sequence[str], references: Sequence[Sequence[str]]) -> None:
        """Count one caption and its references per sample; samples without references do not count."""
        by = self.tokenize
        pairs = [(ngrams(c, by), tuple(r)) for c, r in zip(captions, references, strict=True) if r]
        for own, texts in pairs:
            size = by_order(own)[0]
            self.preds_len += size
            self.target_len += closest_length(size, [by_order(ngrams(text, by))[0] for text in texts])
        self.numerator += self.numerator.new_tensor(self._by_order(own & union(texts, by) for own, texts in pairs))
        self.denominator += self.denominator.new_tensor(self._by_order(own for own, _ in pairs))
        self.samples += len(pairs)

    def _by_order(self, counted: Iterable[Counter[NGram]]) -> list[int]:
        """Number of n-grams of each order in all. -> [order]"""
        totals = [by_order(counts)[: self.n_gram] for counts in counted]
        return [sum(own) for own in zip(*totals, strict=True)] if totals else [0] * self.n_gram

    def compute(self) -> Tensor:
        """Score in [0, 1]; NaN before any sample with references."""
        return super().compute() if self.samples else torch.tensor(math.nan)


class MeanCaptionMetric(Metric, ABC):
    """Average of a score that each caption gets on its own."""

    full_state_update = False
    higher_is_better: bool | None = True
    total: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(()), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    @abstractmethod
    def score(self, caption: str, references: Sequence[str]) -> float:
        """Score of one caption against at least one reference."""

    def update(self, captions: Sequence[str], references: Sequence[Sequence[str]]) -> None:
        """Score one caption and its references per sample; samples without references do not count."""
        scores = [self.score(c, r) for c, r in zip(captions, references, strict=True) if r]
        self.total += sum(scores)
        self.count += len(scores)

    def compute(self) -> Tensor:
        """Mean score; NaN before any sample with references."""
        return self.total / self.count


class TokenMetric(MeanCaptionMetric):
    """Average of a score of the tokens of each caption.

    Args:
        tokenize: What a token is: words, characters or blanks.

    Raises:
        ValueError: If tokenize is unknown.
    """

    def __init__(self, *, tokenize: Tokenize = "words") -> None:
        super().__init__()
        splitter(tokenize)
        self.tokenize = tokenize

    def split(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return splitter(self.tokenize)(text)


class WordForWord(TokenMetric):
    """Share of captions that have the very tokens of one of their references."""

    def score(self, caption: str, references: Sequence[str]) -> float:
        return float(self.split(caption) in map(self.split, references))


class RougeL(TokenMetric):
    """Longest common subsequence with the closest reference, as the mean of precision and recall (F1).

    torchmetrics' ROUGE-L on our tokens, best over the references. COCO's evaluation weighs recall higher and
    takes precision and recall from different references, so its numbers are a little larger.

    Source: Lin 2004, "ROUGE", https://aclanthology.org/W04-1013, eqs. 5 to 7 with beta 1.

    Example:
        >>> from mmexp.metric.caption import RougeL
        >>> rouge = RougeL()
        >>> rouge.update(["a dog runs on grass"], [["A dog runs on the grass."]])
        >>> rouge.compute()
        tensor(0.9091)
    """

    def score(self, caption: str, references: Sequence[str]) -> float:
        found = rouge_score(
            caption, [references], accumulate="best", normalizer=str, tokenizer=self.split, rouge_keys="rougeL"
        )
        return float(found["rougeL_fmeasure"])
