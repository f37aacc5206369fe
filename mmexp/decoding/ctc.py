"""Labels in order from frames in time, without knowing which frame holds which: connectionist temporal classification.

Each frame gives a label or a blank, number 0; of a path, repetitions are merged, then blanks dropped.

Source: Graves et al. 2006, "Connectionist Temporal Classification", https://doi.org/10.1145/1143844.1143891.
"""

from __future__ import annotations

import math
from collections import defaultdict
from heapq import nlargest
from itertools import groupby

import torch
from torch import Tensor

from mmexp.contract import Padded

BLANK = 0
Prefix = tuple[int, ...]


def needed(ids: Padded) -> Tensor:
    """Frames that rows of labels take: one per label, and a blank between equal ones. [B, T] -> [B]"""
    again = (ids.values[:, 1:] == ids.values[:, :-1]) & ids.mask[:, 1:]
    return ids.mask.sum(1) + again.sum(1)


def peaks(likely: Tensor) -> list[tuple[int, int]]:
    """The likeliest path's labels, each with the frame where it is surest. [N, V + 1]"""
    scores, labels = likely.max(-1) if len(likely) else (likely.new_zeros(0), torch.zeros(0, dtype=torch.long))
    sure = scores.tolist()
    runs = groupby(enumerate(labels.tolist()), key=lambda pair: pair[1])
    return [
        (label, max((position for position, _ in run), key=sure.__getitem__)) for label, run in runs if label != BLANK
    ]


def prefix_beam(likely: Tensor, *, beams: int) -> tuple[Prefix, float]:
    """Search for the likeliest labels, summed over the paths that give them.

    Of each beginning two sums are kept: of the paths that end in a blank, and of those that end in its last label. Per
    frame the beams + 1 likeliest labels are tried.

    Source: Graves 2008, "Supervised Sequence Labelling with Recurrent Neural Networks", section 7.5.2; as in Hannun et
    al. 2014, "First-Pass Large Vocabulary Continuous Speech Recognition", https://arxiv.org/abs/1408.2873, algorithm 1,
    without a language model.

    Args:
        likely: Log-probabilities. [N, V + 1]
        beams: Beginnings kept.

    Returns:
        Labels and their log-probability, in nats.
    """
    scores, labels = (part.tolist() for part in likely.topk(min(beams + 1, likely.shape[1])))
    kept: dict[Prefix, list[float]] = {(): [0.0, -math.inf]}
    for frame in zip(scores, labels, strict=True):
        grown: dict[Prefix, list[float]] = defaultdict(lambda: [-math.inf, -math.inf])
        for prefix, (gap, held) in kept.items():
            either = _sum(gap, held)
            for score, label in zip(*frame, strict=True):
                if label == BLANK:
                    _add(grown[prefix], 0, either + score)
                elif prefix and label == prefix[-1]:
                    _add(grown[prefix], 1, held + score)
                    _add(grown[(*prefix, label)], 1, gap + score)
                else:
                    _add(grown[(*prefix, label)], 1, either + score)
        kept = dict(nlargest(beams, grown.items(), key=lambda item: _sum(*item[1])))
    best = max(kept, key=lambda prefix: _sum(*kept[prefix]))
    return best, _sum(*kept[best])


def _add(sums: list[float], which: int, value: float) -> None:
    sums[which] = _sum(sums[which], value)


def _sum(left: float, right: float) -> float:
    """Logarithm of the sum of what the two are logarithms of."""
    if left < right:
        left, right = right, left
    return left + math.log1p(math.exp(right - left)) if right > -math.inf else left
