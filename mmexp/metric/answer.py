"""Measure short answers to questions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from mmexp.metric.caption import MeanCaptionMetric
from mmexp.transform.tokenization import words

ARTICLES = ("a", "an", "the")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
DIGITS = {word: str(number) for number, word in enumerate(NUMBERS)} | {"none": "0"}
PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
AGREEING = 3  # annotators who make an answer fully right

_THOUSANDS = re.compile(r"\d,\d")
_PERIOD = re.compile(r"\.(?!\d)")
_ONE_LEFT_OUT = (
    "ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's how'd how'll how's "
    "isn't it'd it'll ma'am might've mightn't must've mustn't needn't not've o'clock oughtn't shan't should've "
    "shouldn't somebody'll somebody's someone'd someone'll someone's something'd something'll that's there'd "
    "there're there's they'd they'll they're they've 'twas wasn't we've weren't what'll what're what's what've "
    "when's where'd where's where've who'd who'll who's who've why'll why're why's won't would've wouldn't y'all "
    "you'd you'll you're you've"
)
_ONE_OF_TWO_LEFT_OUT = (
    "couldn't've hadn't've he'd've it'd've mightn't've she'd've shouldn't've somebody'd've someone'd've something'd've "
    "there'd've they'd've we'd've who'd've wouldn't've y'all'll y'all'd've you'd've 'ow's'at"
)


def _contractions() -> dict[str, str]:
    """Return the spellings without an apostrophe that the official script knows, with the right one."""
    found = {right.replace("'", ""): right for right in _ONE_LEFT_OUT.split()}
    for right in _ONE_OF_TWO_LEFT_OUT.split():
        places = [place for place, character in enumerate(right) if character == "'"]
        found |= {right[:place] + right[place + 1 :]: right for place in places}
    return found | {"somebody'd": "somebodyd"}


CONTRACTIONS = _contractions()


def normalise(answer: object) -> str:
    """Normalise an answer for comparison, as the official VQA evaluation does.

    In lower case, without articles, numbers up to ten in digits, apostrophes of contractions put back. Of punctuation
    only ``PUNCTUATION`` goes: it becomes a blank, or nothing if it stands next to a blank somewhere or the answer has a
    comma between digits; and a period that no digit follows. All else stays: letters, accents, marks, emoji, ``5%``.

    Source: Antol et al. 2015, "VQA", https://arxiv.org/abs/1505.00468, and its vqaEval.py, processPunctuation and
    processDigitArticle. Differs: canonically equal texts are one (NFC), and an answer of which nothing would be left
    (``a``, ``+``) stays as it is.
    """
    text = " ".join(unicodedata.normalize("NFC", str(answer)).split())
    plain, thousands = text, _THOUSANDS.search(text)
    for mark in PUNCTUATION:
        goes = thousands or f"{mark} " in text or f" {mark}" in text
        plain = plain.replace(mark, "" if goes else " ")
    found = [DIGITS.get(word, word) for word in _PERIOD.sub("", plain).lower().split()]
    kept = [CONTRACTIONS.get(word, word) for word in found if word not in ARTICLES]
    return " ".join(kept) or text.lower()


def tokenizable(answer: object) -> str:
    """Normalise an answer, and write it as a model with word tokens can: punctuation inside it becomes a gap too."""
    return " ".join(words(normalise(answer)))


class ExactMatch(MeanCaptionMetric):
    """Compute the fraction of answers equal to one of their references, once both are ``tokenizable``."""

    def score(self, caption: str, references: Sequence[str]) -> float:
        return float(tokenizable(caption) in map(tokenizable, references))


class ConsensusAccuracy(MeanCaptionMetric):
    """Compute VQA accuracy: ``min(annotators who gave that answer / 3, 1)``.

    As in the official evaluation, each answer is compared with all annotators but one, and averaged over the one
    left out. It is made for ten annotators; of a few it says little.

    Source: Antol et al. 2015, "VQA", https://arxiv.org/abs/1505.00468, section 3 and its evaluation code. Differs:
    answers are normalised too if all annotators agree.

    Args:
        normalise: Makes one text of all ways to write an answer.
    """

    def __init__(self, *, normalise: Callable[[object], str] = normalise) -> None:
        super().__init__()
        self.normalise = normalise

    def score(self, caption: str, references: Sequence[str]) -> float:
        people = len(references)
        agreeing = list(map(self.normalise, references)).count(self.normalise(caption))
        with_all, with_one_less = (min(max(0, number) / AGREEING, 1) for number in (agreeing, agreeing - 1))
        return (agreeing * with_one_less + (people - agreeing) * with_all) / people
