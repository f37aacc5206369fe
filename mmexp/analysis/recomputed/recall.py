"""Recall at k of retrieval, where queries count several times or not at all, among the candidates that there were."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from mmexp.analysis.recompute import Metric, Row
from mmexp.run.summary import RunRow

_NAME = re.compile(r"(reverse_)?recall_at_(\d+)")


def follow(name: str, rows: Sequence[Row], run: RunRow) -> Metric | None:
    """Return ``recall_at_<k>`` or ``reverse_recall_at_<k>``: rows that show one item count as one."""
    named = _NAME.fullmatch(name)
    if not named:
        return None
    rank, item = ("reverse_rank", "candidate") if named[1] else ("rank", "query")
    items = [row.get(item, row["id"]) for row in rows]
    number = Counter(items)
    shares = np.array([1 / number[one] for one in items])
    hits = np.array([row[rank] <= int(named[2]) for row in rows])
    return lambda weights: (weights @ (shares * hits)) / (weights @ shares)
