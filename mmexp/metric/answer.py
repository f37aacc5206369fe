"""Measure short answers to questions."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.metric.caption import MeanCaptionMetric, words

ARTICLES = ("a", "an", "the")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
DIGITS = {word: str(number) for number, word in enumerate(NUMBERS)} | {"none": "0"}
AGREEING = 3  # annotators who make an answer fully right


def normalise(answer: object) -> str:
    """Normalise an answer for comparison: words without articles, numbers up to ten in digits.

    Source: Antol et al. 2015, "VQA", https://arxiv.org/abs/1505.00468, the official evaluation. Differs: all
    punctuation becomes a gap, contractions are not spelt out, and an answer of articles alone stays.
    """
    found = words(str(answer))
    kept = [DIGITS.get(word, word) for word in found if word not in ARTICLES]
    return " ".join(kept or found)


class ExactMatch(MeanCaptionMetric):
    """Compute the fraction of answers equal to one of their references, once both are normalised."""

    def score(self, caption: str, references: Sequence[str]) -> float:
        return float(normalise(caption) in map(normalise, references))


class ConsensusAccuracy(MeanCaptionMetric):
    """Compute VQA accuracy: ``min(annotators who gave that answer / 3, 1)``.

    As in the official evaluation, each answer is compared with all annotators but one, and averaged over the one
    left out. It is made for ten annotators; of a few it says little.

    Source: Antol et al. 2015, "VQA", https://arxiv.org/abs/1505.00468, section 3 and its evaluation code.
    """

    def score(self, caption: str, references: Sequence[str]) -> float:
        people = len(references)
        agreeing = list(map(normalise, references)).count(normalise(caption))
        with_all, with_one_less = (min(max(0, number) / AGREEING, 1) for number in (agreeing, agreeing - 1))
        return (agreeing * with_one_less + (people - agreeing) * with_all) / people
