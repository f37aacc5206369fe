"""CIDEr-D, with document frequencies of the training captions."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mmexp.error import DataError
from mmexp.metric.caption import TokenMetric
from mmexp.transform.ngrams import NGRAM_ORDER, NGram, ngrams
from mmexp.transform.tokenization import Tokenize


@dataclass(frozen=True)
class DocumentFrequencies:
    """In how many documents each n-gram occurs; the captions of one sample are one document.

    Args:
        counts: Documents that hold the n-gram.
        documents: Documents in all.
        tokenize: What the n-grams are made of.
    """

    counts: Counter[NGram]
    documents: int
    tokenize: Tokenize = "words"

    @staticmethod
    def of(references: Sequence[Sequence[str]], tokenize: Tokenize = "words") -> DocumentFrequencies:
        """Count over the captions of each sample."""
        counts: Counter[NGram] = Counter()
        for captions in references:
            counts.update({gram for caption in captions for gram in ngrams(caption, tokenize)})
        return DocumentFrequencies(counts, len(references), tokenize)

    def weigh(self, text: str) -> list[dict[NGram, float]]:
        """Term frequency times inverse document frequency, by n."""
        vectors: list[dict[NGram, float]] = [{} for _ in range(NGRAM_ORDER)]
        for gram, count in ngrams(text, self.tokenize).items():
            vectors[len(gram) - 1][gram] = count * math.log(self.documents / max(1, self.counts[gram]))
        return vectors


@lru_cache(maxsize=4)
def document_frequencies(path: str, tokenize: Tokenize = "words") -> DocumentFrequencies:
    """Read JSON lines, one list of captions per training sample.

    Raises:
        DataError: If there is no such file, no line in it, or one is not a JSON list of strings.
    """
    if not Path(path).is_file():
        raise DataError("references must be there, got none: a package holds no training data.", path=path)
    rows = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, list) or not all(isinstance(caption, str) for caption in row):
            raise DataError(f"references must be a JSON list of strings, got {line[:60]!r}.", path=f"{path}:{number}")
        rows.append(row)
    if not rows:
        raise DataError("references must hold at least one sample, got an empty file.", path=path)
    return DocumentFrequencies.of(rows, tokenize)


class CiderD(TokenMetric):
    """Cosine between caption and references when words that every caption has weigh little, times 10.

    Source: Vedantam et al. 2015, "CIDEr", https://arxiv.org/abs/1411.5726, eqs. 2, 3 and 5 (the D form: clipped counts,
    Gaussian length penalty; lengths in bigrams, as in COCO's code).

    Args:
        references: JSON-lines file with the captions of one training sample per line; read at first use.
        sigma: Width of the length penalty, in tokens.
        tokenize: What a token is: words, characters or blanks.

    Example:
        >>> import json
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from mmexp.metric.cider import CiderD
        >>> train = [["a dog runs on grass"], ["a dog sleeps"], ["a cat sleeps on a sofa"]]
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "references.jsonl")
        ...     with path.open("w") as file:
        ...         print(*map(json.dumps, train), sep=chr(10), file=file)
        ...     cider = CiderD(references=str(path))
        ...     cider.update(["a dog runs on grass", "a cat runs"], [train[0], train[2]])
        ...     cider.compute()
        tensor(5.8663)
    """

    def __init__(self, *, references: str, sigma: float = 6.0, tokenize: Tokenize = "words") -> None:
        super().__init__(tokenize=tokenize)
        self.references, self.sigma = references, sigma

    def score(self, caption: str, references: Sequence[str]) -> float:
        frequencies = document_frequencies(self.references, self.tokenize)
        ours = frequencies.weigh(caption)
        total = 0.0
        for reference in references:
            theirs = frequencies.weigh(reference)
            cosines = [_clipped_cosine(left, right) for left, right in zip(ours, theirs, strict=True)]
            gap = len(self.split(caption)[1:]) - len(self.split(reference)[1:])
            total += sum(cosines) / NGRAM_ORDER * math.exp(-(gap**2) / (2 * self.sigma**2))
        return 10 * total / len(references)


def _clipped_cosine(ours: dict[NGram, float], theirs: dict[NGram, float]) -> float:
    """Cosine in which no n-gram of ours counts more than in theirs; 0 if either is without weight."""
    norms = math.hypot(*ours.values()) * math.hypot(*theirs.values())
    shared = sum(min(weight, theirs[gram]) * theirs[gram] for gram, weight in ours.items() if gram in theirs)
    return shared / norms if norms else 0.0
