"""METEOR of captions, replies and answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexp.analysis.predictions import references, written
from mmexp.analysis.recompute import Metric, Row, Weights
from mmexp.run.summary import RunRow
from mmexp.transform.alignment import Parameters, best, meteor
from mmexp.transform.tokenization import splitter


def follow(name: str, rows: Sequence[Row], run: RunRow) -> Metric | None:
    """Return ``meteor``; that of other parameters is none.

    Source: Denkowski and Lavie 2014, "Meteor Universal", https://aclanthology.org/W14-3348, section 2.
    """
    if name != "meteor":
        return None
    split = splitter(run.tokenize or "words")
    numbers = Parameters()
    counts = [best(split(written(row)), [split(one) for one in references(row)], numbers) for row in rows]

    def value(weights: Weights) -> np.ndarray:
        return meteor(weights @ np.array(counts), numbers)

    return value
