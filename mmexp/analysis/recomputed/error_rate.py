"""Word and character error rate of transcripts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexp.analysis.recompute import Metric, Row
from mmexp.run.summary import RunRow


def follow(name: str, rows: Sequence[Row], run: RunRow) -> Metric | None:
    """Return ``wer`` or ``cer``: edits per word or character of the true transcripts."""
    if name not in ("wer", "cer"):
        return None
    split = str.split if name == "wer" else list
    pairs = [(split(str(row["target"])), split(str(row["transcript"]))) for row in rows]
    edits = np.array([_edits(*pair) for pair in pairs], float)
    lengths = np.array([len(target) for target, _ in pairs], float)
    return lambda weights: (weights @ edits) / (weights @ lengths)


def _edits(one: Sequence[str], other: Sequence[str]) -> int:
    """Levenshtein distance, a row of the table at a time."""
    places = np.arange(len(other) + 1)
    costs = places
    letters = np.array(other, dtype=object)
    for i, letter in enumerate(one, 1):
        below = np.concatenate(([i], np.minimum(costs[1:] + 1, costs[:-1] + (letters != letter))))
        costs = np.minimum.accumulate(below - places) + places
    return int(costs[-1])
