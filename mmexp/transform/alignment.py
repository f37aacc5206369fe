"""Align the tokens of a text with those of a reference, and score how many match and in how many pieces: METEOR."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

BEAM = 40
"""Partial alignments that are followed at once, as in Meteor 1.5."""


class Alignment(NamedTuple):
    """What METEOR counts of a text and a reference.

    Args:
        matches: Tokens of the text that have a partner in the reference.
        length: Tokens of the text.
        reference: Tokens of the reference.
        chunks: Runs of matches that are next to one another, in the same order, on both sides; 0 for equal texts, as in
            Meteor 1.5.
    """

    matches: int
    length: int
    reference: int
    chunks: int


def align(text: Sequence[str], reference: Sequence[str]) -> Alignment:
    """Give each token of a text at most one equal token of the reference: as many as possible, in the fewest chunks.

    Ways to do so that repeated tokens leave open are searched with a beam, which for sentences holds all of them.

    Source: Denkowski and Lavie 2011, "Meteor 1.3", https://aclanthology.org/W11-2107, section 2.1; exact matches alone.

    Example:
        >>> from mmexp.transform.alignment import align
        >>> align("the cat sat on the mat".split(), "on the mat sat the cat".split())
        Alignment(matches=6, length=6, reference=6, chunks=3)
    """
    matches = (Counter(text) & Counter(reference)).total()
    chunks = 0 if [*text] == [*reference] else _fewest_chunks(text, reference)
    return Alignment(matches, len(text), len(reference), chunks)


@dataclass(frozen=True)
class Parameters:
    """Numbers of METEOR; those that Meteor 1.5 ranks English with, as COCO's evaluation does, unless others are given.

    Args:
        alpha: Weight of recall in the mean of precision and recall, in [0, 1].
        beta: Power of chunks per match in the penalty, above 0.
        gamma: Largest penalty, in [0, 1].

    Raises:
        ValueError: If a number is out of its range.
    """

    alpha: float = 0.85
    beta: float = 0.2
    gamma: float = 0.6

    def __post_init__(self) -> None:
        if not (0 <= self.alpha <= 1 and 0 <= self.gamma <= 1):
            raise ValueError(f"Meteor: alpha and gamma must be from 0 to 1, got {self.alpha} and {self.gamma}.")
        if not 0 < self.beta < math.inf:
            raise ValueError(f"Meteor: beta must be above 0, got {self.beta}.")


def meteor(counts: ArrayLike, parameters: Parameters) -> np.ndarray:
    """Compute METEOR from the fields of an alignment, or from their sums over many. [..., 4] -> [...]

    ``(1 - gamma * (chunks / matches)^beta) * P * R / (alpha * P + (1 - alpha) * R)``, where P is the share of the text
    and R that of the reference that is matched; 0 without a match.

    Source: Denkowski and Lavie 2014, "Meteor Universal", https://aclanthology.org/W14-3348, section 2.2; content and
    function words count the same (delta 0.5).
    """
    matches, length, reference, chunks = np.moveaxis(np.asarray(counts, float), -1, 0)
    some = np.maximum(matches, 1)
    mean = matches / np.maximum(parameters.alpha * reference + (1 - parameters.alpha) * length, 1e-9)
    penalty = parameters.gamma * (chunks / some) ** parameters.beta
    return np.asarray(np.where(matches > 0, mean * (1 - penalty), 0.0))


def best(text: Sequence[str], references: Sequence[Sequence[str]], parameters: Parameters) -> Alignment:
    """Align with the reference that gives the best score; with the first of those that are as good."""
    found = [align(text, one) for one in references]
    return max(found, key=lambda one: float(meteor(one, parameters)), default=Alignment(0, 0, 0, 0))


def _fewest_chunks(text: Sequence[str], reference: Sequence[str]) -> int:
    """Search the positions of the text from left to right.

    A state is the position of the last partner in the reference and the positions taken there, as bits; it keeps the
    fewest chunks and, of equally many, the least distance of the partners.
    """
    positions = defaultdict[str, list[int]](list)
    for j, token in enumerate(reference):
        positions[token].append(j)
    bits = {token: sum(1 << j for j in positions[token]) for token in {*text}}
    spare = {token: number - len(positions[token]) for token, number in Counter(text).items()}
    seen = Counter[str]()
    nowhere = len(reference)
    states = {(nowhere, 0): (0, 0)}
    for i, token in enumerate(text):
        near = nsmallest(len(text) + BEAM, positions[token], key=lambda j: abs(i - j))
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for (last, taken), (chunks, distance) in states.items():
            following = {last + 1} if reference[last + 1 : last + 2] == [token] else {*()}
            options = {
                (j, taken | 1 << j): (chunks + (j != last + 1), distance + abs(i - j))
                for j in {*near} | following
                if not taken >> j & 1
            }
            if seen[token] - (taken & bits[token]).bit_count() < spare[token]:
                options[nowhere, taken] = chunks, distance
            for state, cost in options.items():
                found[state] = min(cost, found.get(state, cost))
        states = dict(nsmallest(BEAM, found.items(), key=lambda one: one[1]))
        seen[token] += 1
    return min(states.values())[0]
