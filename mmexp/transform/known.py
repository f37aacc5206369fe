"""Queries of a knowledge graph to the answers that are known to be right."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.error import DataError
from mmexp.transform.base import Transform, pad

Query = tuple[str, str]
"""Head and relation."""


@dataclass(frozen=True)
class Known:
    """What is known of the queries of a batch.

    Args:
        tails: Numbers of the entities that are right, K at most. [B, K]
        raw: Head and relation by sample, None where they are not given.
    """

    tails: Padded
    raw: list[Query | None]


class KnownTransform(Transform):
    """Look up every entity that is known to answer a query, in whatever split: to measure by, never to learn from.

    Args:
        triples: JSON-lines file of all that is known, ``[head, relation, tail]`` per line.
        entities: Those there are; place i is number i.

    Shape:
        head and relation -> numbers [K], none for a query that nothing is known of.
    """

    def __init__(self, *, triples: str, entities: Sequence[str]) -> None:
        self.triples = triples
        self.numbers = {entity: number for number, entity in enumerate(entities)}

    @cached_property
    def tails(self) -> Mapping[Query, list[int]]:
        """Numbers of the right entities by query.

        Raises:
            DataError: If there is no file of triples.
        """
        found: dict[Query, list[int]] = defaultdict(list)
        if not Path(self.triples).is_file():
            raise DataError("triples must be there, got none: a package holds no training data.", path=self.triples)
        with open(self.triples, encoding="utf-8") as file:
            for head, relation, tail in map(json.loads, file):
                if tail in self.numbers:
                    found[head, relation].append(self.numbers[tail])
        return dict(found)

    def prepare(self, raw: Sequence[str]) -> tuple[Query, Tensor]:
        head, relation = raw
        return (head, relation), torch.tensor(self.tails.get((head, relation), []), dtype=torch.long)

    def collate(self, items: Sequence[tuple[Query, Tensor] | None]) -> Known:
        tails = pad([None if item is None else item[1] for item in items])
        return Known(tails, [None if item is None else item[0] for item in items])
