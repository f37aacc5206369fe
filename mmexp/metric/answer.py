"""Measures of a short answer to a question."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.metric.caption import MeanCaptionMetric, words

ARTICLES = ("a", "an", "the")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
DIGITS = {word: str(number) for number, word in enumerate(NUMBERS)} | {"none": "0"}
AGREEING = 3  # people who make an answer fully right


def normalise(answer: object) -> str:
    """An answer as answers are compared: words without articles, numbers up to ten in digits.

    Source: Antol et al. 2015, "VQA", https://arxiv.org/abs/1505.00468, the official evaluation. Differs: all
    punctuation becomes a gap, contractions are not spelt out, and an answer of articles alone stays.
    """
    told = words(str(answer))
    kept = [DIGITS.get(word, word) for word in told if word not in ARTICLES]
    return " ".join(kept or told)


class ExactMatch(MeanCaptionMetric):
    """Share of answers that are equal to one of their references, once both are normalised."""

    def score(self, caption: str, references: Sequence[str]) -> float:
        return float(normalise(caption) in map(normalise, references))


class ConsensusAccuracy(MeanCaptionMetric):
    """Share of answers that people agree with: ``min(people who gave that answer / 3, 1)``.

    As in the official evaluation, each answer is held against all people but one, and the mean over whom to leave out
    is taken. It is made for ten people; of a few it says little.

    Source: Antol et al. 2015, "VQA", https://arxiv.org/abs/1505.00468, section 3 and its evaluation code.
    """

    def score(self, caption: str, references: Sequence[str]) -> float:
        people = len(references)
        agreeing = list(map(normalise, references)).count(normalise(caption))
        with_all, with_one_less = (min(max(0, number) / AGREEING, 1) for number in (agreeing, agreeing - 1))
        return (agreeing * with_one_less + (people - agreeing) * with_all) / people
