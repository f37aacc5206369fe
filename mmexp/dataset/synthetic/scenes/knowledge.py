"""What is known of the town nearby: who is whose parent, spouse and aunt, who lives where, and works with whom.

One knowledge graph, the same for every seed, of which each scene asks one question. The questions of a split can be
answered from the facts of the others, by four rules:

=========== ================================================================================================
rule        relations
=========== ================================================================================================
symmetry    married to, sibling of, colleague of
inverse     every one, as each is asked in both directions
composition grandparent of (parent of a parent), aunt or uncle of (sibling of a parent), lives in (of a street)
equality    lives at (spouses, and children with their parents), works as and colleague of (the same workplace)
=========== ================================================================================================
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import permutations

from mmexp.contract import Split
from mmexp.dataset.link import Triple, both_ways
from mmexp.dataset.synthetic.scenes.scene import SPLITS, Scene

COUPLES, CHILDREN, GENERATIONS = 8, 3, 3
"""Couples of each generation, and children of each couple; the last children have none."""
SYLLABLES = ("be", "do", "fi", "ga", "ho", "ju", "ke", "lo", "mi", "ne", "ru", "sa", "ti", "vo")
STREETS = {
    "anchor street": "harbour",
    "bell street": "market",
    "church street": "hill",
    "cloth lane": "market",
    "garden row": "hill",
    "larch road": "hill",
    "mill road": "market",
    "rope walk": "harbour",
    "salt lane": "harbour",
    "tower street": "hill",
}
"""Part of the town that a street lies in."""
TRADES = {
    "bakery": "baker",
    "clinic": "nurse",
    "forge": "smith",
    "library": "librarian",
    "nursery": "gardener",
    "school": "teacher",
    "shipyard": "carpenter",
    "workshop": "tailor",
}
"""What one works as who works there."""
SHARES: Mapping[Split, float] = {"val": 0.08, "test": 0.12}
"""Of the facts; all others are for training."""

Couple = tuple[str, str]


def render(scene: Scene) -> Triple:
    """Head, relation and tail of the question that a scene asks: those of its split in turn.

    A split with more scenes than there are questions repeats itself.
    """
    split, index = divmod(scene.key[1], 1 << 48)
    asked = questions(SPLITS[split])
    return asked[index % len(asked)]


@cache
def questions(split: Split) -> tuple[Triple, ...]:
    """Every question of one split, in an order that means nothing."""
    return tuple(sorted(both_ways(fact for fact in FACTS if _side(fact) == split), key=_chance))


def known() -> Iterator[Triple]:
    """Every question of every split."""
    return both_ways(FACTS)


def _side(fact: Triple) -> Split:
    drawn = _chance(("side", fact))
    for split, share in SHARES.items():
        if drawn < share:
            return split
        drawn -= share
    return "train"


def _chance(told: object) -> float:
    """A number in [0, 1) that means nothing, the same for ever."""
    return int.from_bytes(hashlib.sha256(repr(told).encode()).digest()[:6]) / (1 << 48)


def _found() -> tuple[list[Couple], dict[str, Couple]]:
    """Marry the couples of every generation. -> all couples, and the parents of each child; no cousins marry"""
    names = (first + second for first, second in sorted(permutations(SYLLABLES, 2), key=_chance))
    row = [(next(names), next(names)) for _ in range(COUPLES)]
    couples: list[Couple] = []
    parents: dict[str, Couple] = {}
    for generation in range(GENERATIONS):
        children = [[next(names) for _ in range(CHILDREN)] for _ in row]
        couples += row
        parents |= {child: couple for couple, own in zip(row, children, strict=True) for child in own}
        row = [(own[0], children[i - 1 - 2 * generation][1]) for i, own in enumerate(children)]
    return couples, parents


def _kin(couples: list[Couple], parents: dict[str, Couple]) -> Iterator[Triple]:
    siblings = {one: [other for other in parents if other != one and parents[other] == parents[one]] for one in parents}
    for one, other in couples:
        yield one, "married to", other
        yield other, "married to", one
    for child, couple in parents.items():
        yield from ((child, "sibling of", other) for other in siblings[child])
        for parent in couple:
            yield parent, "parent of", child
            yield from ((elder, "grandparent of", child) for elder in parents.get(parent, ()))
            yield from ((aunt, "aunt or uncle of", child) for aunt in siblings.get(parent, ()))


def _homes(couples: list[Couple], parents: dict[str, Couple]) -> Iterator[Triple]:
    streets = list(STREETS)
    homes = {couple: streets[i % len(streets)] for i, couple in enumerate(sorted(couples, key=_chance))}
    living = {child: homes[couple] for child, couple in parents.items()}
    living |= {person: homes[couple] for couple in couples for person in couple}
    yield from ((street, "lies in", part) for street, part in STREETS.items())
    for person, street in living.items():
        yield person, "lives at", street
        yield person, "lives in", STREETS[street]


def _work(couples: list[Couple], parents: dict[str, Couple]) -> Iterator[Triple]:
    """Who is married works; the founders, who have no parents, do not work any more."""
    people = sorted((person for couple in couples for person in couple if person in parents), key=_chance)
    for i, (place, trade) in enumerate(TRADES.items()):
        staff = people[i :: len(TRADES)]
        yield place, "stands at", list(STREETS)[i]
        for person in staff:
            yield person, "works at", place
            yield person, "works as", trade
        yield from ((one, "colleague of", other) for one, other in permutations(staff, 2))


FACTS: tuple[Triple, ...] = tuple(fact for tell in (_kin, _homes, _work) for fact in tell(*_found()))
"""All that is known, in one direction."""
ENTITIES = tuple(sorted({end for head, _, tail in FACTS for end in (head, tail)}))
RELATIONS = tuple(sorted({relation for _, relation, _ in both_ways(FACTS)}))
