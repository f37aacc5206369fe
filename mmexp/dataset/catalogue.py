"""What there is to choose from, as it is kept with a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Numbers = Sequence[float]


def catalogue(
    items: Iterable[str], taken: Iterable[str], content: Mapping[str, Mapping[str, Numbers]] | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of the table ``catalogue``: ``item``, ``count``, how often training took it, and ``content``, if any.

    Args:
        items: All candidates, in order.
        taken: Those of the training split, each as often as it occurs.
        content: Numbers that describe an item, by part, such as ``titles``, and item; one may lack a part.
    """
    counts, parts = Counter(taken), content or {}
    for item in items:
        yield {
            "item": item,
            "count": counts[item],
            "content": {name: list(rows[item]) for name, rows in parts.items() if item in rows},
        }
