"""What the modalities show, what the answer is, and how often the best possible answer is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Protocol

import numpy as np

SYMBOLS = 4
BLANK = -1
BLANK_RATE = 0.3
HINT_RATE = 0.55  # how often the hint of a noisy modality is right
PLACES = 4

Case = tuple[tuple[int, ...], int, float]
"""What each modality shows, the answer, and the probability of both."""


class Rule(Protocol):
    """A question with a known best answer; all answers are equally frequent.

    Attributes:
        modalities: Number M of modalities.
        places: Number L of symbols that each shows.
        classes: Number of answers.
        optimal: Accuracy of the best possible answer.
        single: Accuracy of the best answer from one modality, by modality.
        skill: What it takes to answer, in words.
    """

    @property
    def skill(self) -> str: ...
    @property
    def modalities(self) -> int: ...
    @property
    def places(self) -> int: ...
    @property
    def classes(self) -> int: ...
    @property
    def optimal(self) -> float: ...
    @property
    def single(self) -> tuple[float, ...]: ...

    def draw(self, generator: np.random.Generator) -> tuple[np.ndarray, int]:
        """One sample: symbols [M, L], BLANK where nothing is shown, and the answer."""


@dataclass(frozen=True)
class Table:
    """A question of one symbol per modality, given by all cases.

    Args:
        cases: Their probabilities sum to 1.
        skill: What it takes to answer, in words.
    """

    cases: tuple[Case, ...]
    skill: str
    places: int = 1
    classes: int = SYMBOLS

    @property
    def modalities(self) -> int:
        return len(self.cases[0][0])

    @cached_property
    def optimal(self) -> float:
        return self._best(lambda shown: shown)

    @cached_property
    def single(self) -> tuple[float, ...]:
        return tuple(self._best(lambda shown, m=m: shown[m]) for m in range(self.modalities))  # type: ignore[misc]

    def draw(self, generator: np.random.Generator) -> tuple[np.ndarray, int]:
        shown, answer, _ = self.cases[int(generator.choice(len(self.cases), p=self._odds))]
        return np.array(shown)[:, None], answer

    @cached_property
    def _odds(self) -> np.ndarray:
        return np.array([odds for _, _, odds in self.cases])

    def _best(self, seen: Callable[[tuple[int, ...]], object]) -> float:
        """Accuracy of always giving the likeliest answer to what is seen of a case."""
        odds: dict[object, dict[int, float]] = {}
        for shown, answer, p in self.cases:
            answers = odds.setdefault(seen(shown), {})
            answers[answer] = answers.get(answer, 0.0) + p
        return sum(max(answers.values()) for answers in odds.values())


@dataclass(frozen=True)
class Order:
    """Two rows of symbols that agree in exactly one place, which is the answer; either row alone is pure chance."""

    skill: str = "compare place by place"
    modalities: int = 2
    places: int = PLACES
    classes: int = PLACES
    optimal: float = 1.0
    single: tuple[float, ...] = (1 / PLACES, 1 / PLACES)

    def draw(self, generator: np.random.Generator) -> tuple[np.ndarray, int]:
        answer = int(generator.integers(PLACES))
        left = generator.integers(SYMBOLS, size=PLACES)
        right = (left + generator.integers(1, SYMBOLS, size=PLACES)) % SYMBOLS
        right[answer] = left[answer]
        return np.stack([left, right]), answer


def redundant() -> Iterator[Case]:
    """Both show the answer, each blank in BLANK_RATE of the cases."""
    for answer, *hidden in product(range(SYMBOLS), (False, True), (False, True)):
        shown = [BLANK if gone else answer for gone in hidden]
        odds = [BLANK_RATE if gone else 1 - BLANK_RATE for gone in hidden]
        yield (shown[0], shown[1]), answer, odds[0] * odds[1] / SYMBOLS


def unique() -> Iterator[Case]:
    """The left shows the answer, the right anything."""
    for left, right in product(range(SYMBOLS), repeat=2):
        yield (left, right), left, SYMBOLS**-2


def noisy() -> Iterator[Case]:
    """The left shows the answer unless it is blank, the right guesses it."""
    for answer, gone, right in product(range(SYMBOLS), (False, True), range(SYMBOLS)):
        left, odds = (BLANK, BLANK_RATE) if gone else (answer, 1 - BLANK_RATE)
        hint = HINT_RATE if right == answer else (1 - HINT_RATE) / (SYMBOLS - 1)
        yield (left, right), answer, odds * hint / SYMBOLS


def xor(count: int) -> Iterator[Case]:
    """The answer is the bitwise exclusive or of ``count`` symbols."""
    for shown in product(range(SYMBOLS), repeat=count):
        yield shown, int(np.bitwise_xor.reduce(shown)), SYMBOLS**-count


def both() -> Iterator[Case]:
    """Both show the answer."""
    for answer in range(SYMBOLS):
        yield (answer, answer), answer, 1 / SYMBOLS


RULES: Mapping[str, Rule] = {
    "redundant": Table(tuple(redundant()), "take what is there"),
    "unique": Table(tuple(unique()), "leave what says nothing"),
    "noisy": Table(tuple(noisy()), "use a faint hint in loud noise"),
    "xor": Table(tuple(xor(2)), "multiply two"),
    "xor3": Table(tuple(xor(3)), "multiply three"),
    "order": Order(),
    "missing": Table(tuple(both()), "do with either"),
}
