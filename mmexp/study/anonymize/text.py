"""Texts with what rules find in them replaced by a word for it."""

from __future__ import annotations

from collections import Counter
from types import ModuleType

from mmexp.study.anonymize.rule import rules

Piece = tuple[str, bool]
"""Part of a text, and whether it is a mask already."""


def mask(text: str) -> tuple[str, Counter[str]]:
    """Replace what the rules find, each where those before it have found nothing.

    Returns:
        The text, and how often each mask was written.
    """
    counts: Counter[str] = Counter()
    pieces: list[Piece] = [(text, False)]
    for rule in rules():
        pieces = [part for piece in pieces for part in _masked(piece, rule, counts)]
    return "".join(piece for piece, _ in pieces), counts


def _masked(piece: Piece, rule: ModuleType, counts: Counter[str]) -> list[Piece]:
    text, done = piece
    if done:
        return [piece]
    found: list[Piece] = []
    end = 0
    for start, stop in sorted(rule.find(text)):
        if start >= end and stop > start:
            found += [(text[end:start], False), (rule.MASK, True)]
            counts[rule.MASK.strip("[]")] += 1
            end = stop
    return [*found, (text[end:], False)]
