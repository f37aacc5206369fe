"""A fact of a knowledge graph, and the two questions that it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

CONVERSE = "~"
"""Behind the name of a relation: the same read backwards, so that ``(bo, parent of~, ann)`` says who bo's parent is."""

Triple = tuple[str, str, str]
"""Head, relation and tail."""


def questions(triple: Triple) -> tuple[Triple, Triple]:
    """A fact as two queries of head and relation with their answer: who is the tail, and read backwards, who the head.

    Source: Lacroix et al. 2018, "Canonical Tensor Decomposition for Knowledge Base Completion",
    https://arxiv.org/abs/1806.07297 (reciprocal relations).
    """
    head, relation, tail = triple
    return triple, (tail, f"{relation}{CONVERSE}", head)


def both_ways(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Both questions of every fact, in order."""
    return (question for triple in triples for question in questions(triple))
