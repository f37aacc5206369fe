"""Measures of a caption against its references, as the COCO evaluation server defines them.

All see words through ``words``: lower case, punctuation dropped, split at white space. COCO's own tokenizer (Java)
keeps hyphens and splits off "'s"; here both become a gap, as they do in what a model with word tokens reads.
"""

from __future__ import annotations

import math
import re
import unicodedata
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torchmetrics import Metric

NGRAM_ORDER = 4
NGram = tuple[str, ...]


def words(text: str) -> list[str]:
    """Words of a caption as every caption metric compares them."""
    return re.sub(r"[^\w\s]", " ", unicodedata.normalize("NFKC", text).lower()).split()


@lru_cache(maxsize=8192)
def ngrams(text: str) -> Counter[NGram]:
    """How often each run of 1 to 4 words occurs; shared, so do not change it."""
    row = words(text)
    return Counter(tuple(row[i : i + n]) for n in range(1, NGRAM_ORDER + 1) for i in range(len(row) - n + 1))


class Bleu(Metric):
    """Precision of the n-grams of all captions together, with a penalty for being short.

    Corpus BLEU without smoothing; a caption's reference length is the closest one, the shorter if two are as close.

    Source: Papineni et al. 2002, "BLEU", https://aclanthology.org/P02-1040, section 2.3.

    Args:
        order: Longest n-gram counted, 1 to 4.

    Raises:
        ValueError: If order is not 1 to 4.
    """

    full_state_update = False
    higher_is_better = True
    counts: Tensor
    lengths: Tensor

    def __init__(self, *, order: int) -> None:
        super().__init__()
        if not 1 <= order <= NGRAM_ORDER:
            raise ValueError(f"Bleu: order must be 1 to {NGRAM_ORDER}, got {order}.")
        self.order = order
        self.add_state("counts", torch.zeros(2, NGRAM_ORDER, dtype=torch.long), dist_reduce_fx="sum")
        self.add_state("lengths", torch.zeros(3, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, captions: Sequence[str], references: Sequence[Sequence[str]]) -> None:
        """Count one caption and its references per sample; samples without references do not count."""
        counts = [[0] * NGRAM_ORDER, [0] * NGRAM_ORDER]
        lengths = [0, 0, 0]
        for caption, alternatives in zip(captions, references, strict=True):
            if not alternatives:
                continue
            ours, length = ngrams(caption), len(words(caption))
            most: Counter[NGram] = Counter()
            for alternative in alternatives:
                most |= ngrams(alternative)
            for gram, count in ours.items():
                counts[0][len(gram) - 1] += min(count, most[gram])
                counts[1][len(gram) - 1] += count
            lengths[0] += length
            lengths[1] += min((len(words(a)) for a in alternatives), key=lambda other: (abs(other - length), other))
            lengths[2] += 1
        self.counts += torch.tensor(counts, device=self.counts.device)
        self.lengths += torch.tensor(lengths, device=self.lengths.device)

    def compute(self) -> Tensor:
        """Score in [0, 1]; NaN before any sample with references."""
        found, made = self.counts[:, : self.order].tolist()
        ours, theirs, samples = self.lengths.tolist()
        if not samples:
            return torch.tensor(math.nan)
        if not all(found):
            return torch.tensor(0.0)
        precision = math.exp(sum(math.log(f / m) for f, m in zip(found, made, strict=True)) / self.order)
        return torch.tensor(precision * math.exp(min(0, 1 - theirs / ours)))


class MeanCaptionMetric(Metric, ABC):
    """Average of a score that each caption gets on its own."""

    full_state_update = False
    higher_is_better = True
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


class RougeL(MeanCaptionMetric):
    """Longest common subsequence with the references, as a balance of precision and recall.

    Of several references the best precision and the best recall count, with beta 1.2, as in COCO's evaluation;
    ``torchmetrics.ROUGEScore`` takes the best F1 instead, which is not comparable with published caption scores.

    Source: Lin 2004, "ROUGE", https://aclanthology.org/W04-1013, eqs. 5 to 7.
    """

    beta = 1.2

    def score(self, caption: str, references: Sequence[str]) -> float:
        ours, theirs = words(caption), [words(reference) for reference in references]
        shared = [_common(ours, other) for other in theirs]
        precision = max(shared) / max(len(ours), 1)
        recall = max(length / max(len(other), 1) for length, other in zip(shared, theirs, strict=True))
        if not precision or not recall:
            return 0.0
        return (1 + self.beta**2) * precision * recall / (recall + self.beta**2 * precision)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(right) + 1)
    for word in left:
        diagonal = 0
        for j, other in enumerate(right, 1):
            diagonal, row[j] = row[j], diagonal + 1 if word == other else max(row[j], row[j - 1])
    return row[-1]
